/* The decoder's structures; their twins are in ddsp_pi/models/native_decoder.py. */

#ifndef DDSP_PI_DECODER_H
#define DDSP_PI_DECODER_H

#include <stdint.h>

/* Weights (inputs, outputs) row by row and a bias (outputs); both counts are multiples of four. */
struct decoder_layer {
    const float *weights, *bias;
    int32_t inputs, outputs;
};

struct decoder_network {
    struct decoder_layer pitch_1, pitch_2, loudness_1, loudness_2;
    struct decoder_layer gates, fresh, remembered;
    struct decoder_layer outputs_1, outputs_2, head;
    /* (waves) radians per ln Hz, and radians. */
    const float *wave_rates, *wave_starts;
    /* (2, fades) per second, negative: of the times since onset and release. */
    const float *fade_rates;
    /* (padded harmonics) ln k. */
    const float *log_numbers;
    /* (knots) ln Hz, and the line that begins there: doubled log gain, log power weight, per ln Hz. */
    const float *knot_places, *gains, *gain_slopes, *weights, *weight_slopes;
    /* (padded bands). */
    const float *band_powers;
    /* touch: columns of a voice's row, of which the first two are times; 0 for who is not played by notes. */
    int32_t waves, knots, units, entering, touch, fades;
    int32_t harmonics, padded_harmonics, bands, padded_bands;
    float first_knot, knots_per_log, mute_place, mute_slope, half_per_db;
};

/* A player of V voices. `touch` (V, touch); `rows` (V, units + entering) begins with the state; nothing else is kept. */
struct decoder {
    const struct decoder_network *network;
    const float *f0_hz, *loudness_db, *touch;
    float *log_f0, *rows;
    /* (V, width) each. */
    float *first, *second;
    /* (V, harmonics), (V, bands). */
    float *harmonics, *noise;
    int32_t voices, width;
};

#endif
