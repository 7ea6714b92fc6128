/* One window of the pitch tracker: decimation, similarity at every lag, and the first peak that is the pitch.
   NumpyEar in dsp/ear.py is the definition. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernel.h"

#ifdef __x86_64__
#define LANES 8
#else
#define LANES 4
#endif

/* Lags that are summed at once: as many as there are registers for. */
#define GROUP (4 * LANES)
/* As in dsp/native_ear.py. */
#define MOST_LAGS 384
#define SPARE 32
/* As in dsp/nsdf.py: samples on either side of a peak, points to a lag, and a row filled up to whole vectors. */
#define REACH 6
#define FINE 16
#define ROW 40

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

struct similarity {
    int32_t step, width, longest, shortest, last; /* samples of the decimated past; lags that are looked at */
    int32_t taps, recent_length;
    float quiet, faint;
    float slack, doubt, ratio, octave;
    double lag, height, below, below_height; /* the answer, and an octave below; zeros where there is none */
    const float *tap;
    const float *interpolator; /* (2·REACH + 1, ROW) */
    float *recent;             /* (recent_length,) as it came in */
    float *past;               /* (width + longest + SPARE,) decimated, zeros behind the newest */
    float *hop;                /* (HOP,) what is heard */
};

struct peak {
    int32_t at;
    double lag, height;
};

INLINE void decimate(const struct similarity *s)
{
    int length = s->width + s->longest, fresh = HOP / s->step;
    memmove(s->recent, s->recent + HOP, (size_t)(s->recent_length - HOP) * sizeof(float));
    memcpy(s->recent + s->recent_length - HOP, s->hop, HOP * sizeof(float));
    memmove(s->past, s->past + fresh, (size_t)(length - fresh) * sizeof(float));
    for (int i = 0; i < fresh; i++) {
        const float *from = s->recent + i * s->step;
        vec sums = {0};
        int tap = 0;
        float sum = 0.0f;
        for (; tap + LANES <= s->taps; tap += LANES)
            sums += *(const loose *)(from + tap) * *(const loose *)(s->tap + tap);
        for (int lane = 0; lane < LANES; lane++)
            sum += sums[lane];
        for (; tap < s->taps; tap++)
            sum += from[tap] * s->tap[tap];
        s->past[length - fresh + i] = sum;
    }
}

/* Products of the newest samples with those of each place, the oldest first. */
INLINE void products(const struct similarity *s, float *out)
{
    const float *newest = s->past + s->longest;
    for (int place = 0; place <= s->longest; place += GROUP) {
        const float *from = s->past + place;
        vec a = {0}, b = {0}, c = {0}, d = {0};
        for (int i = 0; i < s->width; i++, from++) {
            a += newest[i] * *(const loose *)from;
            b += newest[i] * *(const loose *)(from + LANES);
            c += newest[i] * *(const loose *)(from + 2 * LANES);
            d += newest[i] * *(const loose *)(from + 3 * LANES);
        }
        *(loose *)(out + place) = a;
        *(loose *)(out + place + LANES) = b;
        *(loose *)(out + place + 2 * LANES) = c;
        *(loose *)(out + place + 3 * LANES) = d;
    }
}

INLINE void compare(const struct similarity *s, float *similarity)
{
    float product[MOST_LAGS + GROUP];
    double newest = 0.0, silence = 2.0 * (double)s->quiet * s->width;
    products(s, product);
    for (int i = 0; i < s->width; i++)
        newest += (double)s->past[s->longest + i] * s->past[s->longest + i];
    double earlier = newest;
    for (int lag = 0;; lag++) {
        double total = newest + earlier;
        float value = total < silence ? 0.0f : (float)(2.0 * product[s->longest - lag] / total);
        similarity[lag] = value > 1.0f ? 1.0f : value < -1.0f ? -1.0f : value;
        if (lag == s->longest)
            return;
        double enters = s->past[s->longest - lag - 1], leaves = s->past[s->longest - lag - 1 + s->width];
        earlier += enters * enters - leaves * leaves;
    }
}

/* Band-limited interpolation around a peak, then a parabola through the best three points. */
INLINE void place_peak(const struct similarity *s, const float *similarity, struct peak *peak)
{
    float fine[ROW] = {0};
    int best = 1;
    for (int i = -REACH; i <= REACH; i++) {
        int lag = peak->at + i;
        float value = similarity[lag < 0 ? -lag : lag];
        const float *row = s->interpolator + (i + REACH) * ROW;
        for (int j = 0; j < ROW; j++)
            fine[j] += value * row[j];
    }
    for (int j = 2; j < 2 * FINE; j++)
        best = fine[j] > fine[best] ? j : best;
    double before = fine[best - 1], here = fine[best], after = fine[best + 1];
    double slope = 0.5 * (before - after), bend = before - 2.0 * here + after;
    double shift = slope / (bend < -1e-12 ? bend : -1e-12);
    shift = shift > 1.0 ? 1.0 : shift < -1.0 ? -1.0 : shift;
    peak->lag = peak->at + (best - FINE + shift) / FINE;
    peak->height = here - 0.5 * slope * shift;
}

INLINE int first_below_zero(const float *similarity, int from, int lags)
{
    while (from < lags && !(similarity[from] < 0.0f))
        from++;
    return from;
}

INLINE int find_peaks(const struct similarity *s, const float *similarity, int begin, struct peak *peaks)
{
    int n = 0;
    for (int lag = begin; lag <= s->last; lag++) {
        float here = similarity[lag];
        if (here > s->faint && here >= similarity[lag - 1] && here > similarity[lag + 1]) {
            peaks[n].at = lag;
            place_peak(s, similarity, &peaks[n++]);
        }
    }
    return n;
}

INLINE void choose(struct similarity *s, const float *similarity)
{
    struct peak peaks[MOST_LAGS / 2];
    int lags = s->longest + 1, dip = first_below_zero(similarity, 0, lags), first = 0;
    s->lag = s->height = s->below = s->below_height = 0.0;
    int n = dip == lags ? 0 : find_peaks(s, similarity, dip > s->shortest ? dip : s->shortest, peaks);
    if (n == 0)
        return;
    double top = peaks[0].height;
    for (int i = 1; i < n; i++)
        top = peaks[i].height > top ? peaks[i].height : top;
    /* Interpolated, it may come out above 1 where the sound has just become softer. */
    top = fmin(top, 1.0);
    double enough = fmax(top - s->slack - s->doubt * (1.0 - top), s->ratio * top);
    while (first < n - 1 && !(peaks[first].height >= enough))
        first++;
    int end = first_below_zero(similarity, peaks[first].at, lags), best = first;
    for (int i = first + 1; i < n && peaks[i].at < end; i++)
        best = peaks[i].height > peaks[best].height ? i : best;
    s->lag = peaks[best].lag;
    s->height = peaks[best].height;
    for (int i = best + 1; i < n; i++)
        if (fabs(peaks[i].lag - 2.0 * s->lag) <= s->octave * 2.0 * s->lag && peaks[i].height > s->below_height) {
            s->below = peaks[i].lag;
            s->below_height = peaks[i].height;
        }
}

INLINE void hear(struct similarity *s)
{
    float similarity[MOST_LAGS];
    decimate(s);
    compare(s, similarity);
    choose(s, similarity);
}

#ifdef WIDE
static WIDE void hear_wide(struct similarity *s)
{
    hear(s);
}
#endif

/* Takes the hop; leaves the lag and the height of the peak that is the pitch. */
EXPORT void similarity_hear(struct similarity *s)
{
#ifdef WIDE
    if (HAS_WIDE) {
        hear_wide(s);
        return;
    }
#endif
    hear(s);
}
