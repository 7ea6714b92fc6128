#include "kernel.h"

EXPORT int kernel_version(void) { return KERNEL_VERSION; }

/* Which files it was built from: build.py gives the number. */
EXPORT uint32_t kernel_sources(void) { return KERNEL_SOURCES; }
