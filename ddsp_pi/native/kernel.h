/* What the Python side of the kernel may call; every structure has its twin in ctypes beside its user. */

#ifndef DDSP_PI_KERNEL_H
#define DDSP_PI_KERNEL_H

#include <stdint.h> /* whatever the C library, its headers say whether it is glibc */

/* Raised with every change of a signature or structure; library.py asks for the same number. */
#define KERNEL_VERSION 2

#define EXPORT __attribute__((visibility("default")))

/* Inlined into every clone of its caller, so that it is compiled for the same processor. */
#define INLINE static inline __attribute__((always_inline))

/* One library serves every PC: the loader takes the variant for AVX2 and FMA where the processor has them.
   A level, not a processor: "arch=haswell" would leave out every AMD.
   Every arm64 has NEON and FMA, so there is nothing to choose. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define CLONES
#endif

/* As in frame.py. */
#define HOP 128
#define SAMPLE_RATE 48000.0

#endif
