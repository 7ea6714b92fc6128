#include "kernel.h"

EXPORT int kernel_version(void) { return KERNEL_VERSION; }
