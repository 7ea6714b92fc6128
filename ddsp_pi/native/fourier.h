/* The power spectrum of real samples; each including file compiles it for its own processor variants. */

#ifndef DDSP_PI_FOURIER_H
#define DDSP_PI_FOURIER_H

#include "kernel.h"

/* Longest transform, and the turns its table of e^(−2πi k / LONGEST_TRANSFORM) is in. */
#define LONGEST_TRANSFORM 4096

typedef float four __attribute__((vector_size(16)));
typedef float loose_four __attribute__((vector_size(16), aligned(4), may_alias));

struct turns {
    const float *cosine, *sine; /* (LONGEST_TRANSFORM,) each */
};

struct spectrum {
    float re[LONGEST_TRANSFORM / 2], im[LONGEST_TRANSFORM / 2];
};

INLINE four four_at(const float *from) { return *(const loose_four *)from; }
INLINE void put(float *to, four value) { *(loose_four *)to = value; }

/* One butterfly of four; v is float or four. */
#define BUTTERFLY(v, LOAD, STORE, from, across, to, along, w)                                                  \
    do {                                                                                                       \
        v ar = LOAD(in->re + (from)), ai = LOAD(in->im + (from));                                              \
        v br = LOAD(in->re + (from) + (across)), bi = LOAD(in->im + (from) + (across));                        \
        v cr = LOAD(in->re + (from) + 2 * (across)), ci = LOAD(in->im + (from) + 2 * (across));                \
        v dr = LOAD(in->re + (from) + 3 * (across)), di = LOAD(in->im + (from) + 3 * (across));                \
        v sr = ar + cr, si = ai + ci, tr = ar - cr, ti = ai - ci;                                              \
        v ur = br + dr, ui = bi + di, xr = br - dr, xi = bi - di;                                              \
        v er = tr + xi, ei = ti - xr, gr = tr - xi, gi = ti + xr, fr = sr - ur, fi = si - ui;                  \
        STORE(out->re + (to), sr + ur);                                                                        \
        STORE(out->im + (to), si + ui);                                                                        \
        STORE(out->re + (to) + (along), er * w[0] - ei * w[1]);                                                \
        STORE(out->im + (to) + (along), er * w[1] + ei * w[0]);                                                \
        STORE(out->re + (to) + 2 * (along), fr * w[2] - fi * w[3]);                                            \
        STORE(out->im + (to) + 2 * (along), fr * w[3] + fi * w[2]);                                            \
        STORE(out->re + (to) + 3 * (along), gr * w[4] - gi * w[5]);                                            \
        STORE(out->im + (to) + 3 * (along), gr * w[5] + gi * w[4]);                                            \
    } while (0)

#define PLAIN_LOAD(from) (*(from))
#define PLAIN_STORE(to, value) (*(to) = (value))

/* Four by four, in Stockham's order, which needs no reversal of bits (Cochran et al., "What is the fast Fourier
   transform?", Proc. IEEE 55, 1967): n points remain in each of `stride` transforms. */
INLINE void pass_of_four(const struct turns *turns, const struct spectrum *in, struct spectrum *out, int n,
                         int stride)
{
    int quarter = n / 4, turn = LONGEST_TRANSFORM / n, across = stride * quarter;
    for (int p = 0; p < quarter; p++) {
        float w[6];
        for (int i = 0; i < 3; i++) {
            w[2 * i] = turns->cosine[(i + 1) * p * turn];
            w[2 * i + 1] = turns->sine[(i + 1) * p * turn];
        }
        if (stride == 1)
            BUTTERFLY(float, PLAIN_LOAD, PLAIN_STORE, p, across, 4 * p, 1, w);
        else
            for (int q = 0; q < stride; q += 4)
                BUTTERFLY(four, four_at, put, q + stride * p, across, q + stride * 4 * p, stride, w);
    }
}

INLINE void pass_of_two(const struct spectrum *in, struct spectrum *out, int stride)
{
    for (int q = 0; q < stride; q += 4) {
        four ar = four_at(in->re + q), ai = four_at(in->im + q);
        four br = four_at(in->re + q + stride), bi = four_at(in->im + q + stride);
        put(out->re + q, ar + br);
        put(out->im + q, ai + bi);
        put(out->re + q + stride, ar - br);
        put(out->im + q + stride, ai - bi);
    }
}

/* Power at the bins 0…size / 2. Even samples are in a->re, odd ones in a->im; both are overwritten. */
INLINE void power_spectrum(const struct turns *turns, struct spectrum *a, struct spectrum *b, int size,
                           float *power)
{
    int half = size / 2, stride = 1, left = half, turn = LONGEST_TRANSFORM / size;
    struct spectrum *in = a, *out = b, *last;
    for (; left >= 4; left /= 4, stride *= 4) {
        pass_of_four(turns, in, out, left, stride);
        last = in;
        in = out;
        out = last;
    }
    if (left == 2) {
        pass_of_two(in, out, stride);
        in = out;
    }
    for (int k = 0; k <= half; k++) {
        int here = k & (half - 1), mirror = (half - k) & (half - 1);
        float er = in->re[here] + in->re[mirror], ei = in->im[here] - in->im[mirror];
        float or = in->im[here] + in->im[mirror], oi = in->re[mirror] - in->re[here];
        float c = turns->cosine[k * turn], s = turns->sine[k * turn];
        float re = er + or * c - oi * s, im = ei + or * s + oi * c;
        power[k] = 0.25f * (re * re + im * im);
    }
}

#endif
