/* Hits of a drum in live audio. PythonOnsets in dsp/onset.py is the definition. */

#include <math.h>
#include <stdint.h>

#include "kernel.h"

struct onset {
    double b0, b1, a1, a2; /* high-pass; b2 is b0 */
    double fast_up, fast_down, slow_up, slow_down;
    double on, off, margin, lowest, highest, floor_up, floor_down, envelope_fall, mask_depth, mask_fall;
    double loudest, no_power, nothing, share, clear, most;
    double z1, z2, energy, floor, envelope, fast, slow, mask, rise;
    double time, peak, rose; /* of the hit that was noticed */
    int64_t position, last;
    float *past; /* (remembered,) samples, a ring whose length is a power of two */
    const float *piece;
    int32_t cell, hold, look, remembered, filled, armed, n;
};

/* Power of the second difference that ends with a sample. */
static double power(const struct onset *onset, int64_t at)
{
    int64_t mask = onset->remembered - 1;
    const float *past = onset->past;
    double out = (double)past[at & mask] - 2.0 * past[(at - 1) & mask] + past[(at - 2) & mask];
    return out * out;
}

static double click(const struct onset *onset, int64_t at)
{
    return sqrt(power(onset, at - 2) + 2.0 * power(onset, at - 1) + power(onset, at));
}

static double peak(const struct onset *onset)
{
    float highest = 0.0f;
    for (int64_t at = onset->position - onset->look; at < onset->position; at++)
        highest = fmaxf(highest, fabsf(onset->past[at & (onset->remembered - 1)]));
    return highest;
}

static double beginning(const struct onset *onset)
{
    int64_t at = onset->position - onset->look;
    double highest = 0.0, quiet = 0.0;
    for (int64_t i = at; i < onset->position; i++) {
        double here = click(onset, i), before = click(onset, i - onset->look);
        highest = here > highest ? here : highest;
        quiet += before * before;
    }
    double wanted = fmax(onset->share * highest, onset->clear * sqrt(quiet / onset->look));
    wanted = fmin(wanted, onset->most * highest);
    while (click(onset, at) < wanted)
        at++;
    double below = click(onset, at - 1), risen = click(onset, at) - below;
    double fraction = risen > 0.0 && wanted > below ? (wanted - below) / risen : 0.0;
    return fmax(0.0, (double)(at - 1) + fraction);
}

INLINE void learn(struct onset *onset, double level)
{
    double fallen = onset->envelope - onset->envelope_fall;
    onset->envelope = level > fallen ? level : fallen;
    double floor = onset->floor + (onset->envelope > onset->floor ? onset->floor_up : -onset->floor_down);
    floor = floor > onset->lowest ? floor : onset->lowest;
    onset->floor = floor < onset->highest ? floor : onset->highest;
}

/* What the level in dB of one cell means: 1 for a hit. */
INLINE int weigh(struct onset *onset, double level)
{
    double before = onset->rise, floor, heard = level;
    learn(onset, level);
    floor = onset->floor + onset->margin;
    heard = heard > floor ? heard : floor;
    heard = heard > onset->mask ? heard : onset->mask;
    onset->fast += (heard - onset->fast) * (heard > onset->fast ? onset->fast_up : onset->fast_down);
    onset->slow += (heard - onset->slow) * (heard > onset->slow ? onset->slow_up : onset->slow_down);
    onset->mask = fmax(onset->mask - onset->mask_fall, onset->fast - onset->mask_depth);
    onset->rise = onset->fast - onset->slow;
    if (onset->rise < onset->off)
        onset->armed = 1;
    if (!onset->armed || onset->position - onset->last < onset->hold)
        return 0;
    return before < onset->on && onset->rise >= onset->on;
}

/* Takes the piece; returns 1 if a hit was noticed in it, and then tells when it began. */
EXPORT int onset_hear(struct onset *onset)
{
    double z1 = onset->z1, z2 = onset->z2;
    int found = 0;
    for (int i = 0; i < onset->n; i++) {
        float sample = onset->piece[i];
        double value = fabsf(sample) <= onset->loudest ? sample : 0.0;
        double out = onset->b0 * value + z1;
        z1 = onset->b1 * value - onset->a1 * out + z2;
        z2 = onset->b0 * value - onset->a2 * out;
        onset->energy += out * out;
        onset->past[onset->position++ & (onset->remembered - 1)] = (float)value;
        if (++onset->filled < onset->cell)
            continue;
        if (weigh(onset, 10.0 * log10(onset->energy / onset->filled + onset->no_power))) {
            onset->armed = 0;
            onset->last = onset->position;
            onset->peak = peak(onset);
            onset->rose = onset->rise;
            onset->time = beginning(onset);
            found = 1;
        }
        onset->energy = 0.0;
        onset->filled = 0;
        z1 = fabs(z1) > onset->nothing ? z1 : 0.0;
        z2 = fabs(z2) > onset->nothing ? z2 : 0.0;
    }
    onset->z1 = z1;
    onset->z2 = z2;
    return found;
}
