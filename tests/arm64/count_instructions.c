/* A plug-in for qemu-aarch64 that counts the instructions a program executes between its own marks.
 *
 * The program makes a mark by calling getppid(), which nothing else of it calls. Each mark after a
 * thread's first prints one line of JSON, the instructions of that thread since the mark before it:
 *
 *     {"mark": 1, "instructions": 12345}
 *
 * Threads are counted apart, so whatever runs beside the marked code is left out of its figure.
 * The file named by the argument out=FILE gets the lines; without it they go to standard error.
 *
 * The host's package has no header for plug-ins, so what is used of the interface (its version 1, which
 * qemu 6 to 8 speak) is declared here: https://www.qemu.org/docs/master/devel/tcg-plugins.html
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))
#define THREADS 256
#define AARCH64_GETPPID 173
#define NO_REGISTERS 0

typedef uint64_t plugin_id;
typedef struct block block;

extern size_t qemu_plugin_tb_n_insns(const block *);
extern void qemu_plugin_register_vcpu_tb_exec_cb(block *, void (*)(unsigned, void *), int, void *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, block *));
extern void qemu_plugin_register_vcpu_syscall_cb(
    plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                        uint64_t, uint64_t, uint64_t));

EXPORTED int qemu_plugin_version = 1;

struct thread {
    uint64_t executed, at_mark, marks;
};

static struct thread threads[THREADS];
static FILE *lines;

static void executed(unsigned thread, void *instructions)
{
    threads[thread % THREADS].executed += (uintptr_t)instructions;
}

static void translated(plugin_id id, block *code)
{
    void *instructions = (void *)(uintptr_t)qemu_plugin_tb_n_insns(code);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(code, executed, NO_REGISTERS, instructions);
}

static void called(plugin_id id, unsigned thread, int64_t number, uint64_t a, uint64_t b, uint64_t c,
                   uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h)
{
    struct thread *own = &threads[thread % THREADS];

    (void)id, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
    if (number != AARCH64_GETPPID)
        return;
    if (own->marks)
        fprintf(lines, "{\"mark\": %llu, \"instructions\": %llu}\n", (unsigned long long)own->marks,
                (unsigned long long)(own->executed - own->at_mark));
    own->marks++;
    own->at_mark = own->executed;
}

EXPORTED int qemu_plugin_install(plugin_id id, const void *about, int count, char **arguments)
{
    (void)about;
    lines = stderr;
    for (int i = 0; i < count; i++)
        if (!strncmp(arguments[i], "out=", 4) && !(lines = fopen(arguments[i] + 4, "w")))
            return 1;
    setvbuf(lines, NULL, _IOLBF, 0);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
