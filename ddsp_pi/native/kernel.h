/* What the Python side of the kernel may call; every structure has its twin in ctypes beside its user. */

#ifndef DDSP_PI_KERNEL_H
#define DDSP_PI_KERNEL_H

/* Raised with every change of a signature or structure; library.py asks for the same number. */
#define KERNEL_VERSION 1

#define EXPORT __attribute__((visibility("default")))

#endif
