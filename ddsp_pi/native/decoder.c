/* One step of the decoder for a group of voices: the graph of ddsp_pi/models/graph.py as loops over vectors.

   Every width is a multiple of four: what is missing is padded with zero weights, so that there are no
   remainders. Weights are read once for four voices at a time. */

#include "decoder.h"

#include <math.h>
#include <string.h>

#include "kernel.h"

typedef float v4 __attribute__((vector_size(16)));
typedef int32_t i4 __attribute__((vector_size(16)));
typedef float v4_at __attribute__((vector_size(16), aligned(4), may_alias));

/* Output vectors that are summed at once: as many as leave registers for weights and inputs. */
#if defined(__x86_64__)
#define BROAD 2
#else
#define BROAD 4
#endif

INLINE v4 load(const float *from) { return *(const v4_at *)from; }
INLINE void store(float *to, v4 value) { *(v4_at *)to = value; }
INLINE v4 all(float value) { return (v4){value, value, value, value}; }
INLINE v4 where(i4 is, v4 then, v4 otherwise) { return (v4)((is & (i4)then) | (~is & (i4)otherwise)); }
INLINE v4 larger(v4 a, v4 b) { return where(a > b, a, b); }
INLINE v4 smaller(v4 a, v4 b) { return where(a < b, a, b); }

/* e^x within 1e-7 for |x| ≤ 87, and at that bound beyond. e^x = 2^n e^r, |r| ≤ ln 2 / 2, where
   (e^r − 1 − r) / r² is a polynomial of least relative error, by weighted least squares (Lawson 1961). */
INLINE v4 exp4(v4 x) {
    const v4 round = all(12582912.0f);
    x = smaller(larger(x, all(-87.0f)), all(87.0f));
    v4 shifted = x * 1.44269504f + round;
    v4 n = shifted - round;
    v4 r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    v4 p = r * 1.38141902e-3f + 8.36891402e-3f;
    p = p * r + 4.16684076e-2f;
    p = p * r + 0.166665196f;
    p = p * r + 0.49999994f;
    p = p * (r * r) + r + 1.0f;
    /* The integer stands in the lowest bits of the shifted number: adding it to the exponent is times 2^n. */
    return (v4)((i4)p + ((i4)shifted << 23));
}

INLINE v4 sigmoid4(v4 x) { return 1.0f / (1.0f + exp4(-x)); }

/* tanh x within 2e-7: a polynomial in x² by the same fit below 0.625, by e^2x above. */
INLINE v4 tanh4(v4 x) {
    v4 z = x * x;
    v4 p = z * -5.7049864e-3f + 2.06390861e-2f;
    p = p * z - 5.37397154e-2f;
    p = p * z + 0.133314416f;
    p = p * z - 0.333332807f;
    v4 near = x + x * (z * p);
    v4 far = 1.0f - 2.0f / (1.0f + exp4(x + x));
    return where(z < 0.390625f, near, far);
}

INLINE v4 leaky(v4 x) { return larger(x, x * 0.01f); }

/* Sums of n voices for m vectors of outputs, begun from the bias. */
INLINE void tile(const int n, const int m, const struct decoder_layer *layer, int column, const float *in,
                 int in_stride, float *out, int out_stride, int bent) {
    const int outputs = layer->outputs;
    const float *weights = layer->weights + column;
    v4 sums[4][8];
#pragma GCC unroll 8
    for (int j = 0; j < m; j++) {
        v4 bias = load(layer->bias + column + 4 * j);
#pragma GCC unroll 4
        for (int v = 0; v < n; v++) sums[v][j] = bias;
    }
    for (int i = 0; i < layer->inputs; i += 4) {
        v4 x[4];
#pragma GCC unroll 4
        for (int v = 0; v < n; v++) x[v] = load(in + v * in_stride + i);
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++, weights += outputs) {
#pragma GCC unroll 8
            for (int j = 0; j < m; j++) {
                v4 row = load(weights + 4 * j);
#pragma GCC unroll 4
                for (int v = 0; v < n; v++) sums[v][j] += row * x[v][k];
            }
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < n; v++)
#pragma GCC unroll 8
        for (int j = 0; j < m; j++)
            store(out + v * out_stride + column + 4 * j, bent ? leaky(sums[v][j]) : sums[v][j]);
}

/* The same columns for every voice, so that their weights stay near. */
INLINE void columns(const int m, const struct decoder_layer *layer, int column, const float *in, int in_stride,
                    float *out, int out_stride, int voices, int bent) {
    int v = 0;
    for (; v + 4 <= voices; v += 4)
        tile(4, m, layer, column, in + v * in_stride, in_stride, out + v * out_stride, out_stride, bent);
    for (; v < voices; v++)
        tile(1, m, layer, column, in + v * in_stride, in_stride, out + v * out_stride, out_stride, bent);
}

INLINE void multiply(const struct decoder_layer *layer, const float *in, int in_stride, float *out, int out_stride,
                     int voices, int bent) {
    int column = 0;
    if (voices < 4)
        for (int v = 0; v < voices; v++, in += in_stride, out += out_stride, column = 0) {
            for (; column + 32 <= layer->outputs; column += 32) tile(1, 8, layer, column, in, 0, out, 0, bent);
            for (; column + 8 <= layer->outputs; column += 8) tile(1, 2, layer, column, in, 0, out, 0, bent);
            for (; column < layer->outputs; column += 4) tile(1, 1, layer, column, in, 0, out, 0, bent);
        }
    else {
        for (; column + 4 * BROAD <= layer->outputs; column += 4 * BROAD)
            columns(BROAD, layer, column, in, in_stride, out, out_stride, voices, bent);
        for (; column < layer->outputs; column += 4)
            columns(1, layer, column, in, in_stride, out, out_stride, voices, bent);
    }
}

/* Inputs as the network takes them: ln f0 and its waves. */
static void look(const struct decoder_network *net, float log_f0, float *features) {
    features[0] = log_f0;
    for (int w = 0; w < net->waves; w++) {
        /* The product is rounded before the sum, as elsewhere: an angle of many turns shows the difference.
           Volatile, or compilers make one fused operation of the two. */
        volatile float turned = log_f0 * net->wave_rates[w];
        features[1 + w] = sinf(turned + net->wave_starts[w]);
    }
}

/* What the loudness layers hear: the loudness, what of the touch is no time, and the fades of its times. */
static void hear(const struct decoder_network *net, float loudness_db, const float *touch, float *heard) {
    const int controls = net->touch > 2 ? net->touch - 2 : 0;
    memset(heard, 0, sizeof(float) * net->loudness_1.inputs);
    heard[0] = loudness_db;
    for (int c = 0; c < controls; c++) heard[1 + c] = touch[2 + c];
    for (int f = 0; f < net->fades; f++)
        heard[1 + controls + f] = expf(touch[0] * net->fade_rates[f] + touch[1] * net->fade_rates[net->fades + f]);
}

/* linear_before_reset, gates in the order update, reset; the state is replaced. */
INLINE void remember(int units, const float *gates, const float *entering, const float *remembered,
                            float *state) {
    for (int u = 0; u < units; u += 4) {
        v4 update = sigmoid4(load(gates + u)), reset = sigmoid4(load(gates + units + u));
        v4 fresh = tanh4(load(entering + u) + reset * load(remembered + u));
        store(state + u, fresh + update * (load(state + u) - fresh));
    }
}

#define PICK(table, at) ((v4){(table)[(at)[0]], (table)[(at)[1]], (table)[(at)[2]], (table)[(at)[3]]})

/* Adds the gain at every harmonic's frequency to its logit; the log weights of their powers go to `weights`. */
INLINE void place(const struct decoder_network *net, float log_f0, float *logits, float *weights) {
    for (int k = 0; k < net->padded_harmonics; k += 4) {
        v4 log_hz = log_f0 + load(net->log_numbers + k);
        v4 knot = larger((log_hz - net->first_knot) * net->knots_per_log, all(0.0f));
        i4 at = __builtin_convertvector(smaller(knot, all((float)(net->knots - 1))), i4);
        v4 beyond = larger(log_hz - PICK(net->knot_places, at), all(0.0f));
        v4 muted = larger(log_hz - net->mute_place, all(0.0f)) * net->mute_slope;
        v4 gain = PICK(net->gains, at) + beyond * PICK(net->gain_slopes, at) + muted;
        store(logits + k, load(logits + k) + gain);
        store(weights + k, PICK(net->weights, at) + beyond * PICK(net->weight_slopes, at));
    }
}

/* Doubled log amplitudes, their log power weights → amplitudes relative to the largest; returns the power. */
INLINE float shape(const struct decoder_network *net, float *logs, const float *weights) {
    const int harmonics = net->padded_harmonics, all_outputs = harmonics + net->padded_bands;
    v4 most = load(logs), power = all(0.0f);
    for (int k = 4; k < all_outputs; k += 4) most = larger(most, load(logs + k));
    float top = fmaxf(fmaxf(most[0], most[1]), fmaxf(most[2], most[3]));
    for (int k = 0; k < all_outputs; k += 4) {
        v4 under = (load(logs + k) - top) * 0.5f;
        /* What is 370 dB down is nothing, before its square is too small for a float. */
        v4 amplitude = where(under > -43.0f, exp4(under), all(0.0f));
        v4 weight = k < harmonics ? exp4(load(weights + k)) : load(net->band_powers + k - harmonics);
        power += amplitude * amplitude * weight;
        store(logs + k, amplitude);
    }
    return power[0] + power[1] + power[2] + power[3];
}

INLINE void scale(const float *from, float by, float *to, int n) {
    for (int k = 0; k < n; k++) to[k] = from[k] * by;
}

static void answer(const struct decoder *d, int voice) {
    const struct decoder_network *net = d->network;
    float *logits = d->first + voice * d->width, *weights = d->second + voice * d->width;
    place(net, d->log_f0[voice], logits, weights);
    float power = shape(net, logits, weights);
    float strength = net->touch ? logits[net->padded_harmonics + net->padded_bands] * 0.5f : 0.0f;
    float level = expf(d->loudness_db[voice] * net->half_per_db + strength) / sqrtf(power);
    scale(logits, level, d->harmonics + voice * net->harmonics, net->harmonics);
    scale(logits + net->padded_harmonics, level, d->noise + voice * net->bands, net->bands);
}

/* One function for ten layers, in each variant; inlined ten times they would not fit the cache. */
typedef void product_of(const struct decoder_layer *, const float *, int, float *, int, int, int);

static __attribute__((noinline)) void product_plain(const struct decoder_layer *layer, const float *in, int in_stride,
                                                    float *out, int out_stride, int voices, int bent) {
    multiply(layer, in, in_stride, out, out_stride, voices, bent);
}

INLINE void step(const struct decoder *d, product_of *product) {
    const struct decoder_network *net = d->network;
    const int voices = d->voices, units = net->units, width = d->width;
    const int row = units + net->entering;
    float *first = d->first, *second = d->second, *entering = d->rows + units;

    for (int v = 0; v < voices; v++) {
        d->log_f0[v] = logf(d->f0_hz[v]);
        memset(first + v * width, 0, sizeof(float) * net->pitch_1.inputs);
        look(net, d->log_f0[v], first + v * width);
    }
    product(&net->pitch_1, first, width, second, width, voices, 1);
    product(&net->pitch_2, second, width, entering, row, voices, 1);
    for (int v = 0; v < voices; v++)
        hear(net, d->loudness_db[v], d->touch + v * net->touch, first + v * width);
    product(&net->loudness_1, first, width, second, width, voices, 1);
    product(&net->loudness_2, second, width, entering + net->pitch_2.outputs, row, voices, 1);

    if (units) {
        float *remembered = first + 2 * units;
        product(&net->gates, d->rows, row, first, width, voices, 0);
        product(&net->fresh, entering, row, second, width, voices, 0);
        product(&net->remembered, d->rows, row, remembered, width, voices, 0);
        for (int v = 0; v < voices; v++)
            remember(units, first + v * width, second + v * width, remembered + v * width, d->rows + v * row);
    }

    product(&net->outputs_1, d->rows, row, first, width, voices, 1);
    product(&net->outputs_2, first, width, second, width, voices, 1);
    product(&net->head, second, width, first, width, voices, 0);
    for (int v = 0; v < voices; v++) answer(d, v);
}

#ifdef WIDE
static WIDE __attribute__((noinline)) void product_wide(const struct decoder_layer *layer, const float *in,
                                                        int in_stride, float *out, int out_stride, int voices,
                                                        int bent) {
    multiply(layer, in, in_stride, out, out_stride, voices, bent);
}

static WIDE void step_wide(const struct decoder *d) { step(d, product_wide); }
#endif

EXPORT void decoder_step(const struct decoder *d) {
#ifdef WIDE
    if (HAS_WIDE) {
        step_wide(d);
        return;
    }
#endif
    step(d, product_plain);
}
