/* Cuts the power of a process that is started with LD_PRELOAD, at a chosen one of its calls that write.
 *
 * Whatever it does to files below one folder is written into a diary, so that tests/power/disk.py can work out what
 * a disk might hold at that moment: what was written but not synchronised may be there, in part, or not at all.
 * `cut_arm` begins it; the call at which the power goes is not made, a write is made in part.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* One row of the diary; two texts or some data follow. The order is that of tests/power/disk.py. */
struct row {
    int32_t kind;
    int32_t folder; /* whether it is about a folder */
    int64_t inode;
    int64_t offset;
    int64_t first; /* bytes that follow */
    int64_t second;
};

enum kind { MADE, WROTE, CUT_TO, SYNCED, RENAMED, REMOVED, NEW_FOLDER };

static char below[PATH_MAX];
static size_t below_length;
static int diary = -1;
static long calls, last_call;
static unsigned seed;
static int full_after = -1; /* bytes that the disk has left; -1: enough */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static ssize_t real_write(int file, const void *data, size_t size) {
    return REAL(write)(file, data, size);
}

/* From now on: the calls that write below `folder` are counted, and at the one with that number the power goes. */
void cut_arm(const char *folder, const char *diary_path, long at, unsigned chance) {
    diary = REAL(open)(diary_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (diary < 0 || !realpath(folder, below))
        abort();
    below_length = strlen(below);
    calls = 0, last_call = at, seed = chance;
}

/* The disk takes so many bytes more; what does not fit is refused. */
void cut_fill(const char *folder, int bytes) {
    if (!realpath(folder, below))
        abort();
    below_length = strlen(below), full_after = bytes;
}

static void note(enum kind kind, bool folder, int64_t inode, int64_t offset, const void *first, size_t size,
                 const char *second) {
    struct row row = {kind, folder, inode, offset, (int64_t)size, second ? (int64_t)strlen(second) : 0};
    if (diary < 0)
        return;
    real_write(diary, &row, sizeof row);
    if (size && first)
        real_write(diary, first, size);
    if (second)
        real_write(diary, second, strlen(second));
}

static void note_paths(enum kind kind, int64_t inode, const char *first, const char *second) {
    note(kind, false, inode, 0, first, strlen(first), second);
}

static bool is_below(const char *path) {
    return below_length && !strncmp(path, below, below_length) && (!path[below_length] || path[below_length] == '/');
}

/* A path as a whole one; false where it is none of ours. */
static bool whole(int folder, const char *path, char *out) {
    char where[64], base[PATH_MAX];
    ssize_t size = 0;
    if (!below_length || !path)
        return false;
    if (path[0] == '/')
        return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX && is_below(out);
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base))
            return false;
    } else {
        snprintf(where, sizeof where, "/proc/self/fd/%d", folder);
        if ((size = readlink(where, base, sizeof base - 1)) < 0)
            return false;
        base[size] = 0;
    }
    return snprintf(out, PATH_MAX, "%s/%s", base, path) < PATH_MAX && is_below(out);
}

static bool whole_file(int file, char *out) {
    char where[64];
    ssize_t size;
    if (!below_length)
        return false;
    snprintf(where, sizeof where, "/proc/self/fd/%d", file);
    size = readlink(where, out, PATH_MAX - 1);
    if (size < 0)
        return false;
    out[size] = 0;
    return is_below(out);
}

static int64_t inode_of(int file) {
    struct stat state;
    return fstat(file, &state) ? 0 : (int64_t)state.st_ino;
}

static void cut(void) {
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Whether the power goes at this call. */
static bool is_last(void) {
    return diary >= 0 && ++calls == last_call;
}

static void count(void) {
    if (is_last())
        cut();
}

static int made(int file, const char *path, bool was_there, int flags) {
    if (file < 0 || diary < 0)
        return file;
    if (!was_there)
        note_paths(MADE, inode_of(file), path, NULL);
    else if (flags & O_TRUNC)
        note(CUT_TO, false, inode_of(file), 0, NULL, 0, NULL);
    return file;
}

static int open_below(int (*really)(int, const char *, int, ...), int folder, const char *path, int flags,
                      mode_t mode) {
    char name[PATH_MAX];
    struct stat state;
    bool writes = (flags & O_ACCMODE) != O_RDONLY, ours = writes && whole(folder, path, name);
    if (!ours)
        return really(folder, path, flags, mode);
    bool was_there = !lstat(name, &state);
    count();
    return made(really(folder, path, flags, mode), name, was_there, flags);
}

#define OPEN(name, real)                                                                                               \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = va_arg(more, mode_t);                                                                            \
        va_end(more);                                                                                                  \
        return open_below(REAL(real), AT_FDCWD, path, flags, mode);                                                    \
    }
OPEN(open, openat)
OPEN(open64, openat64)

#define OPENAT(name)                                                                                                   \
    int name(int folder, const char *path, int flags, ...) {                                                           \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = va_arg(more, mode_t);                                                                            \
        va_end(more);                                                                                                  \
        return open_below(REAL(name), folder, path, flags, mode);                                                      \
    }
OPENAT(openat)
OPENAT(openat64)

static size_t torn(size_t size) {
    return size ? (size_t)rand_r(&seed) % (size + 1) : 0;
}

static ssize_t write_below(int file, const void *data, size_t size, off_t offset, bool placed) {
    char name[PATH_MAX];
    if (!whole_file(file, name))
        return placed ? REAL(pwrite)(file, data, size, offset) : real_write(file, data, size);
    if (full_after >= 0) {
        if (!full_after && size) {
            errno = ENOSPC;
            return -1;
        }
        size = size < (size_t)full_after ? size : (size_t)full_after;
        full_after -= (int)size;
    }
    bool last = is_last();
    if (last)
        size = torn(size);
    struct stat state;
    if (!placed)
        offset = fcntl(file, F_GETFL) & O_APPEND && !fstat(file, &state) ? state.st_size : lseek(file, 0, SEEK_CUR);
    ssize_t done = placed ? REAL(pwrite)(file, data, size, offset) : real_write(file, data, size);
    if (done > 0)
        note(WROTE, false, inode_of(file), offset, data, (size_t)done, NULL);
    if (last)
        cut();
    return done;
}

ssize_t write(int file, const void *data, size_t size) {
    return write_below(file, data, size, 0, false);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
    return write_below(file, data, size, offset, true);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset) {
    return write_below(file, data, size, offset, true);
}

static int sync_below(int (*really)(int), int file) {
    char name[PATH_MAX];
    struct stat state;
    if (!whole_file(file, name))
        return really(file);
    count();
    int failed = really(file);
    if (!failed && !fstat(file, &state))
        note(SYNCED, S_ISDIR(state.st_mode), (int64_t)state.st_ino, 0, name, strlen(name), NULL);
    return failed;
}

int fsync(int file) {
    return sync_below(REAL(fsync), file);
}

int fdatasync(int file) {
    return sync_below(REAL(fdatasync), file);
}

static int cut_to(int (*really)(int, off64_t), int file, off64_t size) {
    char name[PATH_MAX];
    if (!whole_file(file, name))
        return really(file, size);
    count();
    int failed = really(file, size);
    if (!failed)
        note(CUT_TO, false, inode_of(file), size, NULL, 0, NULL);
    return failed;
}

int ftruncate(int file, off_t size) {
    return cut_to(REAL(ftruncate64), file, size);
}

int ftruncate64(int file, off64_t size) {
    return cut_to(REAL(ftruncate64), file, size);
}

static int rename_below(int from_folder, const char *from, int to_folder, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    bool ours = whole(from_folder, from, old) & whole(to_folder, to, new);
    if (!ours)
        return REAL(renameat)(from_folder, from, to_folder, to);
    count();
    int failed = REAL(renameat)(from_folder, from, to_folder, to);
    if (!failed)
        note_paths(RENAMED, 0, old, new);
    return failed;
}

int rename(const char *from, const char *to) {
    return rename_below(AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return rename_below(from_folder, from, to_folder, to);
}

static int remove_below(int folder, const char *path, int flags) {
    char name[PATH_MAX];
    if (!whole(folder, path, name))
        return REAL(unlinkat)(folder, path, flags);
    count();
    int failed = REAL(unlinkat)(folder, path, flags);
    if (!failed)
        note_paths(REMOVED, 0, name, NULL);
    return failed;
}

int unlink(const char *path) {
    return remove_below(AT_FDCWD, path, 0);
}

int unlinkat(int folder, const char *path, int flags) {
    return remove_below(folder, path, flags);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    char name[PATH_MAX];
    if (!whole(folder, path, name))
        return REAL(mkdirat)(folder, path, mode);
    count();
    int failed = REAL(mkdirat)(folder, path, mode);
    if (!failed)
        note_paths(NEW_FOLDER, 0, name, NULL);
    return failed;
}

int mkdir(const char *path, mode_t mode) {
    return mkdirat(AT_FDCWD, path, mode);
}

int close(int file) {
    char name[PATH_MAX];
    if (diary >= 0 && file != diary && whole_file(file, name))
        count();
    return REAL(close)(file);
}
