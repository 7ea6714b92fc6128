/* Loudness, spectral envelope and noise bands of a live input. NumpyHearing in dsp/hearing.py is the definition. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fourier.h"
#include "kernel.h"

#define SECTIONS 6
#define TURN 6.28318530717958647692

struct window {
    double edge, shortest; /* share of the length; samples at least */
};

struct hearing {
    int32_t past_length, squares_length, partials, bands, noise_window, smallest; /* of arrays, of a transform */
    int32_t clipped_from, clipped, count, asked, moment, period;
    double loudest, full_scale, offset_speed, highest_hz, floor, no_state, quiet;
    struct window loudness_window, envelope_window;
    double offset, peak, f0_hz, power, likeness; /* what is heard; power is A-weighted */
    double curve_f0_hz, asked_hz, formant_ratio; /* of the curve, and of what is asked of it */
    const float *hop;                            /* (HOP,) */
    float *past, *squares, *noise_power;
    const double *sections; /* (SECTIONS, 3) b0, b1, a1 */
    double *states;
    const double *half_widths, *norms; /* (partials,) and (periods, partials) */
    double *levels;                    /* (partials + 3,) */
    const float *noise_taper, *noise_norms;
    struct turns turns;
    float *out; /* (asked,) */
};

INLINE double between(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

INLINE void take(struct hearing *h)
{
    float *clean = h->past + h->past_length - HOP;
    double sum = 0.0, before = h->offset;
    bool insane = false;
    int full = 0;
    memmove(h->past, h->past + HOP, (size_t)(h->past_length - HOP) * sizeof(float));
    h->peak = 0.0;
    for (int i = 0; i < HOP; i++) {
        double sample = h->hop[i];
        insane |= !(fabs(sample) <= h->loudest);
        sample = isnan(sample) ? 0.0 : between(sample, -h->loudest, h->loudest);
        h->peak = fmax(h->peak, fabs(sample));
        full += fabs(h->hop[i]) >= h->full_scale;
        sum += sample;
        clean[i] = (float)sample;
    }
    h->clipped = insane || full >= h->clipped_from;
    h->offset += h->offset_speed * (sum / HOP - before);
    for (int i = 0; i < HOP; i++)
        clean[i] -= (float)(before + (h->offset - before) * (i + 1) / HOP);
}

INLINE int whole_periods(const struct window *window, double f0_hz, double *length)
{
    double period = SAMPLE_RATE / f0_hz, count = ceil(window->shortest / period);
    count = count < 1.0 ? 1.0 : count;
    *length = count * period;
    return (int)count;
}

/* Half a turn of a cosine over `span` samples, from the one that is `place` of them behind its begin. */
INLINE void edge(float *out, int n, double place, double span)
{
    double step = 0.5 * TURN / span, twice = 2.0 * cos(step);
    double last = cos((place - 1.0) * step), here = cos(place * step);
    for (int i = 0; i < n; i++) {
        bool inside = place + i >= 0.0 && place + i <= span;
        double next = twice * here - last;
        out[i] *= inside ? (float)(0.5 - 0.5 * here) : place + i < 0.0 ? 0.0f : 1.0f;
        last = here;
        here = next;
    }
}

/* The newest sample stands last; returns how many there are. */
INLINE int taper(double length, double share, int most, float *out)
{
    double span = length * share, exact = ceil(length + span);
    int n = exact < most ? (int)exact : most, rising = (int)ceil(span);
    float newest[LONGEST_TRANSFORM];
    rising = rising < n ? rising : n;
    for (int i = 0; i < n; i++)
        out[i] = newest[i] = 1.0f;
    edge(out, rising, length + span - n + 0.5, span);
    edge(newest, rising, 0.5, span);
    for (int i = 0; i < rising; i++)
        out[n - 1 - i] *= newest[i];
    return n;
}

INLINE void hear_loudness(struct hearing *h, float *window)
{
    float *fresh = h->squares + h->squares_length - HOP, sum = 0.0f;
    double length, states[SECTIONS];
    memmove(h->squares, h->squares + HOP, (size_t)(h->squares_length - HOP) * sizeof(float));
    memcpy(states, h->states, sizeof states);
    for (int i = 0; i < HOP; i++) {
        double signal = h->past[h->past_length - HOP + i];
        for (int section = 0; section < SECTIONS; section++) {
            const double *b = h->sections + 3 * section;
            double made = b[0] * signal + states[section];
            states[section] = b[1] * signal - b[2] * made;
            signal = made;
        }
        fresh[i] = (float)(signal * signal);
    }
    for (int section = 0; section < SECTIONS; section++)
        h->states[section] = fabs(states[section]) < h->no_state ? 0.0 : states[section];
    whole_periods(&h->loudness_window, h->f0_hz, &length);
    int n = taper(length, h->loudness_window.edge, h->squares_length, window);
    for (int i = 0; i < n; i++)
        sum += window[i] * h->squares[h->squares_length - n + i];
    h->power = sum / length;
}

/* Even samples to one part, odd ones to the other, and zeros behind. */
INLINE void frame(const float *newest, const float *window, int n, int size, struct spectrum *out)
{
    const float *from = newest - n;
    int pairs = n / 2;
    for (int i = 0; i < pairs; i++) {
        out->re[i] = from[2 * i] * window[2 * i];
        out->im[i] = from[2 * i + 1] * window[2 * i + 1];
    }
    memset(out->re + pairs, 0, (size_t)(size / 2 - pairs) * sizeof(float));
    memset(out->im + pairs, 0, (size_t)(size / 2 - pairs) * sizeof(float));
    if (n % 2)
        out->re[pairs] = from[n - 1] * window[n - 1];
}

INLINE double sum_until(const double *sums, double most, double place)
{
    place = between(place, 0.0, most);
    int below = (int)place;
    return sums[below] + (place - below) * (sums[below + 1] - sums[below]);
}

INLINE void draw(struct hearing *h, const double *sums, int size, int periods, double length)
{
    double spacing = h->f0_hz * size / SAMPLE_RATE, most = size / 2 + 2 - 1.001;
    double scale = 4.0 / (size * length), least = h->floor * h->floor, *levels = h->levels;
    const double *norms = h->norms + (periods - 1) * h->partials;
    int count = (int)between(h->highest_hz / h->f0_hz, 1.0, h->partials);
    for (int k = 0; k < count; k++) {
        double centre = (k + 1) * spacing + 0.5, reach = h->half_widths[k] * spacing;
        double band = sum_until(sums, most, centre + reach) - sum_until(sums, most, centre - reach);
        levels[k + 1] = 0.5f * logf((float)fmax(band * scale / norms[k], least));
    }
    levels[0] = levels[1];
    levels[count + 1] = levels[count + 2] = levels[count];
    h->count = count;
    h->curve_f0_hz = h->f0_hz;
}

INLINE void hear_envelope(struct hearing *h, float *window, struct spectrum *a, struct spectrum *b)
{
    double length, sums[LONGEST_TRANSFORM / 2 + 2];
    float power[LONGEST_TRANSFORM / 2 + 1];
    int periods = whole_periods(&h->envelope_window, h->f0_hz, &length), size = h->smallest;
    int n = taper(length, h->envelope_window.edge, LONGEST_TRANSFORM, window);
    while (size < 4.0 * length && size < LONGEST_TRANSFORM)
        size *= 2;
    n = n < size ? n : size;
    frame(h->past + h->past_length, window, n, size, a);
    power_spectrum(&h->turns, a, b, size, power);
    sums[0] = 0.0;
    for (int i = 0; i <= size / 2; i++)
        sums[i + 1] = sums[i] + power[i];
    draw(h, sums, size, periods, length);
}

INLINE void hear_noise(struct hearing *h, struct spectrum *a, struct spectrum *b)
{
    int size = h->noise_window, bins = size / 2;
    float power[LONGEST_TRANSFORM / 2 + 1];
    frame(h->past + h->past_length, h->noise_taper, size, size, a);
    power_spectrum(&h->turns, a, b, size, power);
    memset(h->noise_power, 0, (size_t)h->bands * sizeof(float));
    for (int bin = 0; bin <= bins; bin++) {
        float place = (float)bin * (float)(h->bands - 1) / (float)bins, sides = bin % bins ? 2.0f : 1.0f;
        int band = place < h->bands - 1 ? (int)place : h->bands - 2;
        float share = place - (float)band;
        h->noise_power[band] += (1.0f - share) * sides * power[bin];
        h->noise_power[band + 1] += share * sides * power[bin];
    }
    for (int band = 0; band < h->bands; band++)
        h->noise_power[band] *= h->noise_norms[band];
}

INLINE void compare(struct hearing *h)
{
    int n = h->period / 2 > h->moment ? h->period / 2 : h->moment;
    const float *newest = h->past + h->past_length - n, *before = newest - h->period;
    float product = 0.0f, energy = 0.0f;
    for (int i = 0; i < n; i++) {
        product += newest[i] * before[i];
        energy += newest[i] * newest[i] + before[i] * before[i];
    }
    h->likeness = energy > 2.0 * h->quiet * n ? 2.0 * product / energy : 0.0;
}

INLINE void hear(struct hearing *h)
{
    float window[LONGEST_TRANSFORM];
    struct spectrum a, b;
    hear_loudness(h, window);
    hear_envelope(h, window, &a, &b);
    hear_noise(h, &a, &b);
    compare(h);
}

/* A cubic through each four levels (Catmull and Rom, 1974). */
INLINE double curve(const struct hearing *h, double place)
{
    place = place < h->count ? place : h->count;
    int first = (int)place;
    double t = place - first;
    const double *level = h->levels + first;
    double slope = 0.5 * (level[1] - level[first ? -1 : 0]), end_slope = 0.5 * (level[2] - level[0]);
    double step = level[1] - level[0];
    return level[0] +
           t * (slope + t * (3.0 * step - 2.0 * slope - end_slope + t * (slope + end_slope - 2.0 * step)));
}

#ifdef WIDE
static WIDE void hear_wide(struct hearing *h)
{
    hear(h);
}
#endif

/* Takes the hop: notes its peak, cleans it, and puts it behind the past. */
EXPORT void hearing_take(struct hearing *h)
{
    take(h);
}

/* Loudness, levels of the partials and power of the bands, with the pitch that was found in the meantime. */
EXPORT void hearing_hear(struct hearing *h)
{
#ifdef WIDE
    if (HAS_WIDE) {
        hear_wide(h);
        return;
    }
#endif
    hear(h);
}

/* Amplitudes of the partials of the pitch that is asked for. */
EXPORT void hearing_harmonics(const struct hearing *h)
{
    double step = h->asked_hz / (h->formant_ratio * h->curve_f0_hz);
    for (int k = 1; k <= h->asked; k++)
        h->out[k - 1] = k * h->asked_hz < SAMPLE_RATE / 2 ? expf((float)curve(h, k * step)) : 0.0f;
}

/* Magnitudes of the bands, moved by the ratio that is asked for. */
EXPORT void hearing_noise(const struct hearing *h)
{
    for (int band = 0; band < h->bands; band++) {
        double place = band / h->formant_ratio;
        int below = (int)place;
        bool last = below >= h->bands - 1;
        double power = below > h->bands - 1 || (last && place > below) ? 0.0 : h->noise_power[below];
        if (!last)
            power += (place - below) * (h->noise_power[below + 1] - power);
        h->out[band] = sqrtf((float)(power / h->formant_ratio));
    }
}
