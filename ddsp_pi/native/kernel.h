/* What the Python side of the kernel may call; every structure has its twin in ctypes beside its user. */

#ifndef DDSP_PI_KERNEL_H
#define DDSP_PI_KERNEL_H

#include <stdint.h>

/* Raised with every change of a signature or structure; library.py asks for the same number. */
#define KERNEL_VERSION 7

#define EXPORT __attribute__((visibility("default")))

/* Inlined into every variant of its caller, so that it is compiled for the same processor. */
#define INLINE static inline __attribute__((always_inline))

/* One library serves every PC: a function is compiled for AVX2 and FMA, too, and chooses by what the processor
   can do. Every arm64 has NEON and FMA, so there is nothing to choose. (target_clones would need glibc, and
   its arch= asks for the model of the processor, not for what it can do.) */
#ifdef __x86_64__
#define WIDE __attribute__((target("avx2,fma")))
#ifndef HAS_WIDE
#define HAS_WIDE (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#endif
#endif

/* As in frame.py. */
#define HOP 128
#define SAMPLE_RATE 48000.0

#endif
