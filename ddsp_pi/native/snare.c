/* Drum hits, all summed. NumpySnare in dsp/snare.py is the definition; this is another way to the same sums. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernel.h"

/* Columns of the hits' table and what goes with them, as in dsp/hits.py. */
enum {
    AGE,
    LEFT,
    BAND,
    LOW,
    PITCH,
    MOD = PITCH + 2,
    FALL = MOD + 2,
    GAIN = FALL + 4,
    CUTOFF = GAIN + 3,
    LOSS,
    COLUMNS
};
#define ATTACK 48
#define FADE 144
#define SILENT 5e-7

/* As in dsp/snare.py. */
#define NOISE_SAMPLES 65536

/* The falling envelopes of a hit. */
enum { BEND, FIRST, SECOND, HISS, ENVELOPES };

/* At the most drive there is, less than this is not heard. */
#define FAINT 1e-9
#define FAINT_STATE 1e-12

/* Samples in one step of an exponential. */
#define STRIDE 8

/* Added and taken away again, it leaves the nearest whole number. */
#define WHOLE 6755399441055744.0

struct snare {
    int32_t rows, n; /* 1 <= n <= HOP */
    uint64_t clock;
    double *hits;       /* (rows, COLUMNS) */
    const float *noise; /* (NOISE_SAMPLES,) */
    float *out;
};

/* What falls by the same factor every sample, from the strike on. */
struct envelope {
    double rest, next; /* what a sample leaves of it, and the gain behind the piece */
    bool heard;
    double gain[HOP];
};

/* How many of n samples are those of the rise, or before the strike. */
INLINE int rising(double age, int n)
{
    double left = ATTACK - age;
    return left <= 0.0 ? 0 : left < n ? (int)left : n;
}

/* Powers in steps of STRIDE, which do not wait for each other. */
INLINE void fall_off(struct envelope *envelope, double first, int n)
{
    double power[STRIDE], step = envelope->rest;
    power[0] = first;
    for (int j = 1; j < STRIDE; j++)
        power[j] = power[j - 1] * envelope->rest;
    step *= step, step *= step, step *= step;
    for (int i = 0; i < n; i += STRIDE)
        for (int j = 0; j < STRIDE; j++) {
            envelope->gain[i + j] = power[j];
            power[j] *= step;
        }
}

INLINE void shape(struct envelope *envelope, double fall, double age, int n)
{
    double since_peak = age - (ATTACK - 1), first = exp(-fall * since_peak);
    envelope->heard = since_peak <= 0.0 || first > FAINT;
    envelope->rest = exp(-fall);
    envelope->next = 0.0;
    if (!envelope->heard)
        return;
    fall_off(envelope, first, n);
    int rise = rising(age, n);
    for (int i = 0; i < rise; i++)
        envelope->gain[i] = age + i < 0.0 ? 0.0 : (age + i + 1.0) / ATTACK;
    envelope->next = envelope->gain[n - 1] * envelope->rest;
}

/* How far each sample is from the strike, as the bend counts: the sum of its envelope over all before. */
INLINE void sweep(const struct envelope *bend, double age, int n, double *moved)
{
    double unit = 1.0 / (1.0 - bend->rest), all = (ATTACK + 1.0) / 2.0 + bend->rest * unit;
    for (int i = 0; i < n; i++)
        moved[i] = bend->heard ? all - bend->gain[i] * unit : all;
    int rise = rising(age, n);
    for (int i = 0; i < rise; i++)
        moved[i] = age + i < 0.0 ? 0.0 : (age + i) * (age + i + 1.0) / (2.0 * ATTACK);
}

/* Sine of -1/2..1/2 turns: x(1/2 - |x|) times a polynomial in that same product, since the cosine is even
   around its peak (Chebyshev interpolation, error 2e-7 in single precision). */
INLINE float sine(float turns)
{
    float wave = turns * (0.5f - fabsf(turns)), s = fabsf(wave);
    return wave * (12.5663706f + s * (50.2654714f + s * (71.3916592f + s * (52.371915f + s * 24.747506f))));
}

INLINE void add_sine(const double *hit, int which, const struct envelope *envelope, const double *moved, int n,
                     float *out)
{
    double age = hit[AGE], pitch = hit[PITCH + which], mod = hit[MOD + which];
    float gain = (float)hit[GAIN + which];
    for (int i = 0; i < n; i++) {
        double turns = pitch * (age + i + mod * moved[i]), whole = (turns + WHOLE) - WHOLE;
        out[i] += gain * (float)envelope->gain[i] * sine((float)(turns - whole));
    }
}

/* A state-variable filter with trapezoidal integrators. */
INLINE void add_noise(const struct snare *snare, double *hit, const struct envelope *envelope, int n, float *out)
{
    double cutoff = hit[CUTOFF], band = hit[BAND], low = hit[LOW];
    double share = 1.0 / (1.0 + cutoff * (cutoff + hit[LOSS])), enters = 2.0 * cutoff * share;
    double stays = 2.0 * share - 1.0, damping = cutoff + hit[LOSS], gain = share * hit[GAIN + 2];
    for (int i = 0; i < n; i++) {
        double noise = snare->noise[(snare->clock + (uint64_t)i) % NOISE_SAMPLES];
        double over = (envelope->heard ? noise * envelope->gain[i] : 0.0) - low;
        double held = low + enters * band;
        out[i] += (float)(gain * (over - damping * band));
        band = stays * band + enters * over;
        low = held + cutoff * enters * over;
    }
    bool rings = envelope->heard || fabs(band) + fabs(low) > FAINT_STATE;
    hit[BAND] = rings ? band : 0.0;
    hit[LOW] = rings ? low : 0.0;
}

/* -8..8, where tanh has arrived. Sizes of floats are in the order of their bits, and a minimum of integers is
   no branch. */
INLINE float within_8(float x)
{
    int32_t bits, most = 0x41000000;
    memcpy(&bits, &x, sizeof bits);
    int32_t size = bits & INT32_MAX;
    bits = (bits & INT32_MIN) | (size < most ? size : most);
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* tanh: a rational fit in Chebyshev's sense, error 3e-7 in single precision. */
INLINE float saturate(float x)
{
    x = within_8(x);
    float z = x * x;
    float above = 0.99999997f + z * (0.13438196f + z * (3.5641617e-3f + z * (2.1773321e-5f + z * 1.5061878e-8f)));
    float below = 1.0f + z * (0.46771517f + z * (2.6136038e-2f + z * (3.3991878e-4f + z * 8.4536979e-7f)));
    return x * above / below;
}

INLINE void saturate_all(const double *hit, const float *sums, int n, float *out)
{
    if (hit[LEFT] >= FADE + n) {
        for (int i = 0; i < n; i++)
            out[i] += saturate(sums[i]);
        return;
    }
    for (int i = 0; i < n; i++) {
        double left = (hit[LEFT] - i) / FADE, share = left < 0.0 ? 0.0 : left < 1.0 ? left : 1.0;
        out[i] += (float)(share * share * (3.0 - 2.0 * share)) * saturate(sums[i]);
    }
}

INLINE void move_on(double *hit, const struct envelope *envelopes, int n)
{
    double rings = fabs(hit[BAND]) + fabs(hit[LOW]);
    double level = hit[GAIN] * envelopes[FIRST].next + hit[GAIN + 1] * envelopes[SECOND].next +
                   hit[GAIN + 2] * 2.0 * (envelopes[HISS].next + rings);
    bool risen = hit[AGE] + n >= ATTACK;
    hit[AGE] += n;
    hit[LEFT] -= n;
    if (hit[LEFT] < 0.0 || (risen && level < SILENT))
        hit[LEFT] = 0.0;
}

INLINE void add_hit(const struct snare *snare, double *hit)
{
    int n = snare->n;
    double moved[HOP];
    float sums[HOP] = {0};
    struct envelope envelopes[ENVELOPES];
    for (int which = 0; which < ENVELOPES; which++)
        shape(&envelopes[which], hit[FALL + which], hit[AGE], n);
    sweep(&envelopes[BEND], hit[AGE], n, moved);
    for (int which = 0; which < 2; which++)
        if (envelopes[FIRST + which].heard)
            add_sine(hit, which, &envelopes[FIRST + which], moved, n, sums);
    if (envelopes[HISS].heard || hit[BAND] != 0.0 || hit[LOW] != 0.0)
        add_noise(snare, hit, &envelopes[HISS], n, sums);
    saturate_all(hit, sums, n, snare->out);
    move_on(hit, envelopes, n);
}

INLINE void render(struct snare *snare)
{
    memset(snare->out, 0, (size_t)snare->n * sizeof(float));
    for (int row = 0; row < snare->rows; row++)
        if (snare->hits[row * COLUMNS + LEFT] > 0.0)
            add_hit(snare, snare->hits + row * COLUMNS);
    snare->clock = (snare->clock + (uint64_t)snare->n) % NOISE_SAMPLES;
}

#ifdef WIDE
static WIDE void render_wide(struct snare *snare)
{
    render(snare);
}
#endif

/* The next n samples into `out`. */
EXPORT void snare_render(struct snare *snare)
{
#ifdef WIDE
    if (HAS_WIDE) {
        render_wide(snare);
        return;
    }
#endif
    render(snare);
}
