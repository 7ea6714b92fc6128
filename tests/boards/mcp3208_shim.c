/* An MCP3208 behind every /dev/spidev<bus>.<device>, for a process that is started with LD_PRELOAD.
 *
 * The real spidev library calls open, ioctl and close; those calls are answered here as the kernel would,
 * and each bit of a transfer is clocked through a model of the chip. What the inputs measure, what is broken and
 * what was asked for is in one mapped file, named by MCP3208_BENCH, so that a test can turn the knobs meanwhile.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/spi/spidev.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEPT 12
#define FILES 256

enum fault { NONE, DATA_HIGH, DATA_LOW, TRANSFER_FAILS, OPEN_FAILS };

/* The order is that of tests/boards/bench.py. */
struct bench {
    int32_t counts[8];
    int32_t fault;
    int32_t error; /* what the kernel says when it fails */
    uint32_t transfers;
    uint32_t opened;
    uint32_t closed;
    uint32_t speed_hz;
    uint32_t mode;
    uint32_t bits;
    uint32_t sent_length;
    uint8_t sent[KEPT];
};

static struct bench *bench;
static bool ours[FILES];

static struct bench *the_bench(void) {
    if (bench)
        return bench;
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    const char *path = getenv("MCP3208_BENCH");
    int file = path ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *bench, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        fprintf(stderr, "MCP3208_BENCH names no file that can be mapped\n");
        abort();
    }
    return bench = mapped;
}

/* ---- the chip: one state from select to deselect ---- */

struct chip {
    int clocks;   /* since the start bit; 0: it did not come yet */
    int command;  /* single-ended or not, and three bits of channel */
    int counts;   /* held at the end of sampling */
    unsigned hiss; /* what a line that nobody drives reads */
};

static int measured(int command) {
    int channel = command & 7;
    int counts = the_bench()->counts[channel];
    if (!(command & 8)) /* differential: against the other of the pair */
        counts -= the_bench()->counts[channel ^ 1];
    return counts < 0 ? 0 : counts > 4095 ? 4095 : counts;
}

static bool undriven(struct chip *chip) {
    chip->hiss = chip->hiss * 1664525u + 1013904223u;
    return chip->hiss >> 31;
}

/* One clock: a bit in, a bit out. */
static bool clock_bit(struct chip *chip, bool in) {
    if (chip->clocks == 0) {
        chip->clocks = in;
        return undriven(chip);
    }
    int clock = chip->clocks++;
    if (clock <= 4) {
        chip->command = chip->command << 1 | in;
        return undriven(chip);
    }
    if (clock == 5) { /* the sample is taken now */
        chip->counts = measured(chip->command);
        return undriven(chip);
    }
    if (clock == 6)
        return 0;
    if (clock <= 18) /* highest bit first */
        return chip->counts >> (18 - clock) & 1;
    if (clock <= 29) /* and once more, lowest first, beginning with the second */
        return chip->counts >> (clock - 18) & 1;
    return 0;
}

static bool on_the_wire(bool out) {
    int32_t fault = the_bench()->fault;
    return fault == DATA_HIGH ? 1 : fault == DATA_LOW ? 0 : out;
}

static void clock_bytes(struct chip *chip, const uint8_t *sent, uint8_t *received, uint32_t length) {
    for (uint32_t i = 0; i < length; i++) {
        uint8_t byte = 0;
        for (int bit = 7; bit >= 0; bit--)
            byte = byte << 1 | on_the_wire(clock_bit(chip, sent && (sent[i] >> bit & 1)));
        if (received)
            received[i] = byte;
    }
}

/* ---- the kernel's part ---- */

static int fails(int error) {
    errno = error;
    return -1;
}

static int transfer(const struct spi_ioc_transfer *parts, unsigned n_parts) {
    if (the_bench()->fault == TRANSFER_FAILS)
        return fails(the_bench()->error);
    struct chip chip = {.hiss = the_bench()->transfers + 1};
    int total = 0;
    for (unsigned i = 0; i < n_parts; i++) {
        const uint8_t *sent = (const uint8_t *)(uintptr_t)parts[i].tx_buf;
        clock_bytes(&chip, sent, (uint8_t *)(uintptr_t)parts[i].rx_buf, parts[i].len);
        the_bench()->sent_length = parts[i].len;
        if (sent)
            memcpy(the_bench()->sent, sent, parts[i].len < KEPT ? parts[i].len : KEPT);
        if (parts[i].speed_hz)
            the_bench()->speed_hz = parts[i].speed_hz;
        if (parts[i].bits_per_word)
            the_bench()->bits = parts[i].bits_per_word;
        if (parts[i].cs_change)
            chip = (struct chip){.hiss = chip.hiss};
        total += parts[i].len;
    }
    the_bench()->transfers++;
    return total;
}

/* Read or write a setting; they are one or four bytes wide. */
static int setting(uint32_t *kept, unsigned long request, void *value) {
    size_t width = _IOC_SIZE(request);
    if (_IOC_DIR(request) == _IOC_READ) {
        memcpy(value, kept, width);
    } else {
        *kept = 0;
        memcpy(kept, value, width);
    }
    return 0;
}

static int control(unsigned long request, void *value) {
    uint32_t lowest_first = 0;
    if (_IOC_TYPE(request) != SPI_IOC_MAGIC)
        return fails(ENOTTY);
    switch (_IOC_NR(request)) {
    case _IOC_NR(SPI_IOC_MESSAGE(1)):
        return transfer(value, _IOC_SIZE(request) / sizeof(struct spi_ioc_transfer));
    case _IOC_NR(SPI_IOC_RD_MODE):
    case _IOC_NR(SPI_IOC_RD_MODE32):
        return setting(&the_bench()->mode, request, value);
    case _IOC_NR(SPI_IOC_RD_LSB_FIRST):
        return setting(&lowest_first, request, value);
    case _IOC_NR(SPI_IOC_RD_BITS_PER_WORD):
        return setting(&the_bench()->bits, request, value);
    case _IOC_NR(SPI_IOC_RD_MAX_SPEED_HZ):
        return setting(&the_bench()->speed_hz, request, value);
    }
    return fails(EINVAL);
}

static int open_device(void) {
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    if (the_bench()->fault == OPEN_FAILS)
        return fails(the_bench()->error);
    int file = real_open("/dev/null", O_RDWR | O_CLOEXEC);
    if (file < 0 || file >= FILES)
        return fails(EMFILE);
    ours[file] = true;
    the_bench()->opened++;
    return file;
}

/* ---- what the process calls ---- */

#define OPENS(name)                                                                                                    \
    int name(const char *path, int flags, ...) {                                                                       \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);                                                 \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                      \
        va_end(rest);                                                                                                  \
        return strncmp(path, "/dev/spidev", 11) ? real(path, flags, mode) : open_device();                             \
    }

OPENS(open)
OPENS(open64)

int ioctl(int file, unsigned long request, ...) {
    int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    va_list rest;
    va_start(rest, request);
    void *value = va_arg(rest, void *);
    va_end(rest);
    return file >= 0 && file < FILES && ours[file] ? control(request, value) : real(file, request, value);
}

int close(int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, "close");
    if (file >= 0 && file < FILES && ours[file]) {
        ours[file] = false;
        the_bench()->closed++;
    }
    return real(file);
}
