/* Harmonics plus noise for a number of voices. NumpySynth in dsp/synthesis.py is the definition; this is
   another way to the same sums. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernel.h"

#ifdef __x86_64__
#define LANES 8
#else
#define LANES 4
#endif

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef uint32_t uvec __attribute__((vector_size(4 * LANES)));
/* Four coefficients at once, since NEON multiplies by a lane. Python's buffers are aligned to floats only. */
typedef float quad __attribute__((vector_size(16), aligned(4)));
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* Harmonics are summed in groups around a centre: in a group the amplitudes of a pair of neighbours at equal
   distance are added for the cosine and subtracted for the sine, two products for two harmonics. */
#define HALF 4
#define GROUP (2 * HALF + 1)
/* Sums 0..HALF, then differences 1..HALF, each as (value, change), filled up to whole quads. */
#define COEFFICIENTS 20

#define TURN 18446744073709551616.0
#define NYQUIST_HZ (SAMPLE_RATE / 2)
/* From here on the phase would go round more than once a sample. */
#define HIGHEST_HZ 40000.0

struct voice {
    uint64_t phase;
    int64_t pass, hop, sample;
};

/* Columns of the envelopes' table and their phases, as in dsp/envelope.py. */
enum { GAIN, PHASE, RISE, SUSTAIN, DECAY, RELEASE, COLUMNS };
#define OPEN 1.0
#define RISING 2.0
#define SETTLED 1e-6

/* As in dsp/synthesis.py. */
enum { NOISE_GAIN, PARTIALS, TILTED };

/* Pitch, level, amplitudes and magnitudes are pairs of rows, (2, voices, …): `Controls` tells what they mean. */
struct synth {
    int32_t voices, harmonics, bands, places, pass_hops;
    int32_t begin, n; /* the piece that is rendered, 1 <= n <= HOP - begin */
    double *f0_hz, *level;
    float *amplitudes, *magnitudes;
    const float *asked_harmonics, *asked_noise;
    const double *unit, *knobs;
    const float *tilt;
    double *envelopes; /* (voices, COLUMNS) */
    const float *bank, *leaving, *arriving;
    const int64_t *starts; /* (voices, places) hops of the bank */
    float *coefficients;   /* (groups, COEFFICIENTS) */
    float *bands_in_pairs; /* (bands, 2) */
    struct voice *voice;
    float *out;
};

struct piece {
    int begin, n;
    double f0_hz, slope_hz; /* at the first sample, and by sample */
    uint32_t phase[HOP];
    int32_t audible[HOP];
};

struct complex {
    vec re, im;
};

INLINE struct complex times(struct complex a, struct complex b)
{
    return (struct complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* exp(i·phase), a turn being 2^32: the nearest quarter turn, and polynomials for the rest of at most an eighth
   (Chebyshev interpolation, error 3e-9). The first coefficient of the sine is in two parts, for it alone
   would spoil the last bit. */
INLINE struct complex phasor(uvec phase)
{
    uvec quarter = (phase + 0x20000000u) >> 30;
    vec y = __builtin_convertvector((ivec)(phase - (quarter << 30)), vec) * 0x1p-30f;
    vec u = y * y;
    vec tail = -4.8546260e-8f + u * (-0.64596348f + u * (0.079680223f + u * -0.0046021631f));
    vec sine = y * 1.57079637f + y * tail;
    vec cosine = 1.0f + u * (-1.2337005f + u * (0.25366941f + u * (-0.020861529f + u * 9.0674165e-4f)));
    ivec swap = -(ivec)(quarter & 1);
    ivec im = ((ivec)sine & ~swap) | ((ivec)cosine & swap);
    ivec re = ((ivec)cosine & ~swap) | ((ivec)sine & swap);
    im ^= (ivec)(quarter << 30) & INT32_MIN;
    re ^= (ivec)((quarter + 1) << 30) & INT32_MIN;
    return (struct complex){(vec)re, (vec)im};
}

INLINE vec load(const float *from)
{
    return *(const loose *)from;
}

INLINE uvec load_phase(const uint32_t *from)
{
    uvec phase;
    memcpy(&phase, from, sizeof phase);
    return phase;
}

/* Where in its hop each of LANES samples from `at` on lies, 0..1. */
INLINE vec places_in_hop(int at)
{
    ivec steps;
    for (int lane = 0; lane < LANES; lane++)
        steps[lane] = at + lane;
    return __builtin_convertvector(steps, vec) * (1.0f / HOP);
}

INLINE double sane_hz(double f0_hz)
{
    return f0_hz > 0.0 ? (f0_hz < HIGHEST_HZ ? f0_hz : HIGHEST_HZ) : 0.0;
}

/* Goes on from where a value is towards where it is to be at the end of the hop; returns what it reaches. */
INLINE double move(double *now, double target, const struct piece *piece)
{
    int left = HOP - piece->begin;
    *now = piece->n == left ? target : *now + (double)piece->n / left * (target - *now);
    return *now;
}

INLINE void set_pitch(struct piece *piece, double *now, double target)
{
    piece->f0_hz = sane_hz(*now);
    piece->slope_hz = (sane_hz(move(now, target, piece)) - piece->f0_hz) / piece->n;
}

INLINE double pitch(const struct piece *piece, int i)
{
    return piece->f0_hz + i * piece->slope_hz;
}

/* The running phase is an integer, so nothing drifts, and a steady pitch is a product. Returns the phase behind
   the piece. */
INLINE uint64_t advance(struct piece *piece, uint64_t phase)
{
    uint64_t step = (uint64_t)(piece->f0_hz * (TURN / SAMPLE_RATE));
    if (piece->slope_hz == 0.0) {
        for (int i = 0; i < piece->n; i++)
            piece->phase[i] = (uint32_t)((phase + step * (uint64_t)i) >> 32);
        return phase + step * (uint64_t)piece->n;
    }
    for (int i = 0; i < piece->n; i++) {
        piece->phase[i] = (uint32_t)(phase >> 32);
        phase += (uint64_t)(pitch(piece, i) * (TURN / SAMPLE_RATE));
    }
    return phase;
}

INLINE int below_nyquist(double f0_hz, int most)
{
    double count = ceil(NYQUIST_HZ / (f0_hz > 1e-3 ? f0_hz : 1e-3)) - 1.0;
    return count < most ? (int)count : most;
}

/* How many harmonics each sample has; the products decide as in numpy, the quotient is a first guess. */
INLINE void count_audible(struct piece *piece, int always, int audible)
{
    for (int i = 0; i < HOP; i++)
        piece->audible[i] = audible;
    if (always >= audible)
        return;
    for (int i = 0; i < piece->n; i++) {
        double f0_hz = pitch(piece, i);
        int count = below_nyquist(f0_hz, audible);
        while (count < audible && (count + 1) * f0_hz < NYQUIST_HZ)
            count++;
        while (count > always && count * f0_hz >= NYQUIST_HZ)
            count--;
        piece->audible[i] = count > always ? count : always;
    }
}

INLINE void fill_group(float *into, const float *first, const float *last, int centre, int audible)
{
    float value[GROUP], change[GROUP];
    for (int j = 0; j < GROUP; j++) {
        int k = centre - HALF + j;
        value[j] = k < audible ? first[k] : 0.0f;
        change[j] = k < audible ? last[k] - first[k] : 0.0f;
    }
    into[0] = value[HALF], into[1] = change[HALF];
    for (int j = 1; j <= HALF; j++) {
        float *sum = into + 2 * j, *difference = into + 2 * (HALF + j);
        sum[0] = value[HALF + j] + value[HALF - j], sum[1] = change[HALF + j] + change[HALF - j];
        difference[0] = value[HALF + j] - value[HALF - j], difference[1] = change[HALF + j] - change[HALF - j];
    }
}

/* Harmonics first + 1..audible of samples at which not all of them are audible, over z^(first + 1): Horner,
   each lane with its own share. */
INLINE struct complex rest(const float *amplitudes, const float *last, int first, int audible, ivec counts, vec ramp,
                           struct complex z)
{
    struct complex sum = {{0}, {0}};
    for (int k = audible; k > first; k--) {
        vec amplitude = amplitudes[k - 1] + ramp * (last[k - 1] - amplitudes[k - 1]);
        sum = times(sum, z);
        sum.re += (vec)((ivec)amplitude & (counts >= k));
    }
    return sum;
}

/* Σ amplitude_k · sin(k·phase) of LANES samples = the imaginary part of z^5 · Σ_g B_g · (z^9)^g, where B_g is
   the sum of group g seen from its centre. `sum` holds what is beyond the groups. */
INLINE vec sum_groups(const float *coefficients, int groups, const struct complex *z, struct complex wide, vec ramp,
                      struct complex sum)
{
    for (int group = groups - 1; group >= 0; group--) {
        const quad *c = (const quad *)(coefficients + group * COEFFICIENTS);
        quad c0 = c[0], c1 = c[1], c2 = c[2], c3 = c[3], c4 = c[4];
        vec re = c0[0] + z[1].re * c0[2] + z[2].re * c1[0] + z[3].re * c1[2] + z[4].re * c2[0];
        vec re_change = c0[1] + z[1].re * c0[3] + z[2].re * c1[1] + z[3].re * c1[3] + z[4].re * c2[1];
        vec im = z[1].im * c2[2] + z[2].im * c3[0] + z[3].im * c3[2] + z[4].im * c4[0];
        vec im_change = z[1].im * c2[3] + z[2].im * c3[1] + z[3].im * c3[3] + z[4].im * c4[1];
        sum = times(sum, wide);
        sum.re += re + ramp * re_change;
        sum.im += im + ramp * im_change;
    }
    return times(sum, z[HALF + 1]).im;
}

INLINE int lowest(ivec counts)
{
    int32_t least = counts[0];
    for (int lane = 1; lane < LANES; lane++)
        least = counts[lane] < least ? counts[lane] : least;
    return least;
}

INLINE void add_harmonics(const struct synth *synth, int voice, struct piece *piece, float *out)
{
    const float *first = synth->amplitudes + voice * synth->harmonics;
    const float *last = first + synth->voices * synth->harmonics;
    double begin_hz = piece->f0_hz, end_hz = pitch(piece, piece->n - 1);
    bool rises = begin_hz < end_hz;
    int always = below_nyquist(rises ? end_hz : begin_hz, synth->harmonics);
    int audible = below_nyquist(rises ? begin_hz : end_hz, synth->harmonics);
    while (audible && first[audible - 1] == 0.0f && last[audible - 1] == 0.0f)
        audible--;
    int groups = (audible + GROUP - 1) / GROUP;
    for (int group = 0; group < groups; group++)
        fill_group(synth->coefficients + group * COEFFICIENTS, first, last, group * GROUP + HALF, audible);
    if (always < audible)
        count_audible(piece, always, audible);
    for (int i = 0; i < piece->n; i += LANES) {
        uvec phase = load_phase(piece->phase + i);
        vec ramp = places_in_hop(piece->begin + i);
        struct complex z[HALF + 2];
        z[1] = phasor(phase), z[2] = times(z[1], z[1]), z[3] = times(z[2], z[1]), z[4] = times(z[2], z[2]);
        z[5] = times(z[3], z[2]);
        struct complex beyond = {{0}, {0}};
        int whole = groups;
        if (always < audible) {
            ivec counts;
            memcpy(&counts, piece->audible + i, sizeof counts);
            int least = lowest(counts);
            if (least < audible) {
                whole = least / GROUP;
                struct complex back = {z[HALF].re, -z[HALF].im};
                beyond = times(rest(first, last, whole * GROUP, audible, counts, ramp, z[1]), back);
            }
        }
        /* From the exact ninefold phase, so that the errors of z do not multiply. */
        struct complex wide = phasor(phase * GROUP);
        *(loose *)(out + i) = sum_groups(synth->coefficients, whole, z, wide, ramp, beyond);
    }
}

/* Samples that are summed over all bands in one go. */
#define STRETCH 32
#define VECS (STRETCH / LANES)

/* Both sums over the bands, with the magnitudes and with their change, of the samples of a hop that cover
   begin..end. */
INLINE void sum_bands(const struct synth *synth, const float *hop, int begin, int end, float *sums)
{
    for (int at = begin / STRETCH * STRETCH; at < end; at += STRETCH) {
        vec value[VECS] = {{0}}, change[VECS] = {{0}};
        const float *row = hop + at, *pair = synth->bands_in_pairs;
        for (int band = 0; band < synth->bands; band++, row += HOP, pair += 2)
            for (int j = 0; j < VECS; j++) {
                vec noise = load(row + j * LANES);
                value[j] += noise * pair[0];
                change[j] += noise * pair[1];
            }
        for (int j = 0; j < VECS; j++) {
            *(loose *)(sums + at + j * LANES) = value[j];
            *(loose *)(sums + HOP + at + j * LANES) = change[j];
        }
    }
}

INLINE const float *bank_hop(const struct synth *synth, int voice, int64_t pass, int64_t hop)
{
    int64_t start = synth->starts[voice * synth->places + pass % synth->places];
    return synth->bank + (start + hop) * synth->bands * HOP;
}

INLINE void fade_pass(const struct synth *synth, const float *next, int begin, int end, float *sums)
{
    float arriving[2 * HOP];
    sum_bands(synth, next, begin, end, arriving);
    for (int i = begin; i < end; i++) {
        sums[i] = sums[i] * synth->leaving[i] + arriving[i] * synth->arriving[i];
        sums[HOP + i] = sums[HOP + i] * synth->leaving[i] + arriving[HOP + i] * synth->arriving[i];
    }
}

INLINE void pass_by(const struct synth *synth, struct voice *state, int n)
{
    state->sample += n;
    if (state->sample < HOP)
        return;
    state->sample = 0;
    state->hop++;
    if (state->hop == synth->pass_hops) {
        /* The hop that was faded in has been heard already. */
        state->pass++;
        state->hop = 1;
    }
}

INLINE void pair_bands(const struct synth *synth, int voice)
{
    const float *first = synth->magnitudes + voice * synth->bands, *last = first + synth->voices * synth->bands;
    for (int band = 0; band < synth->bands; band++) {
        synth->bands_in_pairs[2 * band] = first[band];
        synth->bands_in_pairs[2 * band + 1] = last[band] - first[band];
    }
}

INLINE void add_noise(const struct synth *synth, int voice, const struct piece *piece, float *out)
{
    struct voice *state = &synth->voice[voice];
    float sums[2 * HOP];
    pair_bands(synth, voice);
    for (int done = 0; done < piece->n;) {
        int begin = (int)state->sample, left = piece->n - done;
        int n = left < HOP - begin ? left : HOP - begin;
        sum_bands(synth, bank_hop(synth, voice, state->pass, state->hop), begin, begin + n, sums);
        if (state->hop == synth->pass_hops - 1)
            fade_pass(synth, bank_hop(synth, voice, state->pass + 1, 0), begin, begin + n, sums);
        for (int i = 0; i < n; i++)
            out[done + i] += sums[begin + i] + sums[HOP + begin + i] * ((piece->begin + done + i) * (1.0f / HOP));
        pass_by(synth, state, n);
        done += n;
    }
}

/* Rises linearly from where it is; returns how many samples that takes of those there are. */
INLINE int rise(double *row, int n, float *gain)
{
    if (row[PHASE] != RISING)
        return 0;
    double start = row[GAIN], step = row[RISE], needed = ceil((1.0 - start) / step);
    int risen = needed < 1.0 ? 1 : needed < n ? (int)needed : n;
    for (int i = 0; i < risen; i++) {
        double reached = start + step * (i + 1);
        gain[i] = (float)(reached < 1.0 ? reached : 1.0);
    }
    row[GAIN] = start + step * risen < 1.0 ? start + step * risen : 1.0;
    row[PHASE] = needed <= n ? OPEN : RISING;
    return risen;
}

/* Gains of n samples, as in `Envelopes.render`; false if all of them are 0. */
INLINE bool envelope(double *row, int n, float *gain)
{
    int risen = rise(row, n, gain);
    if (risen == n)
        return true;
    bool open = row[PHASE] == OPEN;
    double target = open ? row[SUSTAIN] : 0.0, left = open ? row[DECAY] : row[RELEASE];
    double above = row[GAIN] - target;
    bool sounds = risen || above != 0.0 || target != 0.0;
    for (int i = risen; i < n; i++) {
        above *= left;
        gain[i] = (float)(target + above);
    }
    row[GAIN] = fabs(above) < SETTLED ? target : target + above;
    return sounds;
}

INLINE void add_voice(const struct synth *synth, int voice, struct piece *piece)
{
    double *level = synth->level + voice;
    struct voice *state = &synth->voice[voice];
    int n = piece->n;
    set_pitch(piece, synth->f0_hz + voice, synth->f0_hz[synth->voices + voice]);
    state->phase = advance(piece, state->phase);
    double start = *level, slope = (move(level, level[synth->voices], piece) - start) / n;
    float gain[HOP];
    if (!envelope(synth->envelopes + voice * COLUMNS, n, gain)) {
        pass_by(synth, state, n);
        return;
    }
    float sound[HOP];
    add_harmonics(synth, voice, piece, sound);
    add_noise(synth, voice, piece, sound);
    for (int i = 0; i < n; i++)
        synth->out[i] += sound[i] * gain[i] * (float)(start + i * slope);
}

INLINE void render(const struct synth *synth)
{
    struct piece piece = {.begin = synth->begin, .n = synth->n};
    memset(synth->out, 0, piece.n * sizeof(float));
    for (int voice = 0; voice < synth->voices; voice++)
        add_voice(synth, voice, &piece);
}

/* The power of A-weighting at a frequency, but for a factor (IEC 61672-1). */
INLINE double a_power(double hz)
{
    double f2 = hz * hz, low = f2 + 20.598997 * 20.598997, high = f2 + 12194.217 * 12194.217;
    double middle = (f2 + 107.65265 * 107.65265) * (f2 + 737.86223 * 737.86223);
    return f2 * f2 * f2 * f2 / (low * low * high * high * middle);
}

/* Tilts the spectrum and keeps its A-weighted power. */
INLINE void tilt(const struct synth *synth, double f0_hz, float *amplitudes)
{
    double before = 0.0, after = 0.0;
    for (int k = 0; k < synth->harmonics; k++) {
        double weight = a_power((k + 1) * f0_hz), power = weight * amplitudes[k] * amplitudes[k];
        before += power;
        after += power * synth->tilt[k] * synth->tilt[k];
    }
    float even = (float)sqrt(before / (after > 1e-300 ? after : 1e-300));
    for (int k = 0; k < synth->harmonics; k++)
        amplitudes[k] *= synth->tilt[k] * even;
}

/* Rows of one voice: what was the end becomes the start, and what is asked for, times a gain, the end. */
INLINE float *take(float *start, int voices, int columns, int voice, const float *asked, float gain)
{
    float *end = start + voices * columns + voice * columns;
    memcpy(start + voice * columns, end, columns * sizeof *end);
    for (int i = 0; i < columns; i++)
        end[i] = asked[voice * columns + i] * gain;
    return end;
}

INLINE void begin_hop(const struct synth *synth)
{
    int voices = synth->voices, most = (int)synth->knobs[PARTIALS];
    for (int voice = 0; voice < voices; voice++) {
        float unit = (float)synth->unit[voice];
        take(synth->magnitudes, voices, synth->bands, voice, synth->asked_noise,
             unit * (float)synth->knobs[NOISE_GAIN]);
        float *end = take(synth->amplitudes, voices, synth->harmonics, voice, synth->asked_harmonics, unit);
        if (synth->knobs[TILTED] != 0.0)
            tilt(synth, synth->f0_hz[voices + voice], end);
        for (int k = most; k < synth->harmonics; k++)
            end[k] = 0.0f;
    }
}

#ifdef WIDE
static WIDE void render_wide(const struct synth *synth)
{
    render(synth);
}
#endif

/* n samples of the hop from `begin` on into `out`. */
EXPORT void synth_render(const struct synth *synth)
{
#ifdef WIDE
    if (HAS_WIDE) {
        render_wide(synth);
        return;
    }
#endif
    render(synth);
}

/* Where the last hop led, the next begins. */
EXPORT void synth_begin_hop(const struct synth *synth)
{
    begin_hop(synth);
}
