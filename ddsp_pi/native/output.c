/* The last stage: guard, DC blocker, limiter and fade, in place. NumpyOutput in dsp/output.py is the definition. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"

struct output {
    double pole, scale, last_in, last_out; /* DC blocker */
    double ceiling, fall, follower;        /* limiter; the follower falls by a factor a sample */
    double loudest, peak;
    int64_t rejected;
    const float *curve; /* (length + 1,) gains from silence to open */
    int32_t length, position, step;
    int32_t n; /* samples of the block */
    float *block;
};

/* An inner state below this is as good as nothing; left alone it would get denormal, and slow. */
#define NOTHING 1e-15

INLINE float highest(const float *block, int n)
{
    float peak = 0.0f;
    for (int i = 0; i < n; i++) {
        float size = fabsf(block[i]);
        peak = size > peak ? size : peak;
    }
    return peak;
}

INLINE bool all_within(const float *block, int n, float bound)
{
    int beyond = 0;
    for (int i = 0; i < n; i++)
        beyond |= !(fabsf(block[i]) <= bound);
    return !beyond;
}

/* Returns how many samples were not finite. */
INLINE int guard(float *block, int n, float loudest)
{
    int insane = 0;
    if (all_within(block, n, loudest))
        return 0;
    for (int i = 0; i < n; i++) {
        if (!isfinite(block[i])) {
            block[i] = 0.0f;
            insane++;
        } else if (fabsf(block[i]) > loudest) {
            block[i] = copysignf(loudest, block[i]);
        }
    }
    return insane;
}

INLINE void block_dc(struct output *output, float *block, int n)
{
    double before = output->last_in, out = output->last_out;
    for (int i = 0; i < n; i++) {
        double in = block[i];
        out = output->pole * out + output->scale * (in - before);
        before = in;
        block[i] = (float)out;
    }
    output->last_in = before;
    output->last_out = fabs(out) < NOTHING ? 0.0 : out;
}

INLINE void limit(struct output *output, float *block, int n)
{
    double peak = highest(block, n), follower = output->follower;
    if (peak > output->ceiling || follower > output->ceiling) {
        float most = (float)output->ceiling;
        for (int i = 0; i < n; i++) {
            double size = fabs((double)block[i]);
            follower *= output->fall;
            follower = size > follower ? size : follower;
            if (follower <= output->ceiling)
                continue;
            float out = (float)(block[i] * (output->ceiling / follower));
            /* Rounding may leave a peak one bit above the ceiling. */
            block[i] = out > most ? most : out < -most ? -most : out;
        }
        output->follower = follower;
        peak = peak < output->ceiling ? peak : output->ceiling;
    }
    output->peak = peak > output->peak ? peak : output->peak;
}

INLINE void fade(struct output *output, float *block, int n)
{
    int end = output->step > 0 ? output->length : 0, position = output->position;
    if (output->step > 0 && position == end)
        return;
    for (int i = 0; i < n; i++) {
        position += position == end ? 0 : output->step;
        block[i] *= output->curve[position];
    }
    output->position = position;
}

/* Works on the block in place; returns how many of its samples were not finite. */
EXPORT int output_process(struct output *output)
{
    float *block = output->block;
    int n = output->n, insane = guard(block, n, (float)output->loudest);
    output->rejected += insane;
    block_dc(output, block, n);
    limit(output, block, n);
    fade(output, block, n);
    return insane;
}
