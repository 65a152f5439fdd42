/* A disk that fails, for LD_PRELOAD: see tests/faults.rs, which compiles and drives it.
 *
 * Calls on files of FAULT_DIR whose names hold "algohook.db" are counted. The FAULT_AT-th
 * one of the kinds in FAULT_KINDS fails, and FAULT_FOR - 1 after it. CRASH_AFTER calls
 * after the first failure, or when a path with "/CRASH" is opened, the process ends as by
 * kill -9. Beside each file, NAME.disk is kept: what would be there after a power cut.
 *
 * The model of a file is Linux's: a write changes blocks in memory; a sync that succeeds
 * puts the changed blocks and the length on the disk; one that fails leaves it open which
 * of them are there, and forgets that they changed, so that no later sync writes them.
 * CUT says how such a choice ends: 'l' all is lost, 'k' all is kept, 'f' all is kept the
 * first time and lost then, 'r' by chance and for each sector. 'n' makes no NAME.disk: the
 * process is killed, the machine goes on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { BLOCK = 4096, SECTOR = 512, BLOCKS = 65536, FILES = 4, DESCRIPTORS = 1024 };

struct file {
    char name[512];
    int on_disk; /* descriptor of NAME.disk, -1 where there is none */
    int in_memory;
    uint8_t changed[BLOCKS];
    int length_changed;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES];
static struct file *of[DESCRIPTORS];
static const char *directory, *kinds;
static char cut;
static long fault_at, fault_for, crash_after, counted, calls, failed_at, failed;
static int fault_errno;
static uint64_t seed;

static int (*real_open)(const char *, int, ...), (*real_close)(int), (*real_fsync)(int), (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static ssize_t (*real_write)(int, const void *, size_t), (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_read)(int, void *, size_t), (*real_pread)(int, void *, size_t, off_t);

static long number(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_read = dlsym(RTLD_NEXT, "read");
    real_pread = dlsym(RTLD_NEXT, "pread64");
    directory = getenv("FAULT_DIR");
    kinds = getenv("FAULT_KINDS");
    cut = getenv("CUT") ? getenv("CUT")[0] : 'n';
    fault_at = number("FAULT_AT", 0);
    fault_for = number("FAULT_FOR", 1);
    fault_errno = (int)number("FAULT_ERRNO", EIO);
    crash_after = number("CRASH_AFTER", -1);
    seed = (uint64_t)number("SEED", 1) * 0x9E3779B97F4A7C15u + 1;
}

static int by_chance(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int)(seed >> 33) & 1;
}

static int is_kept(void) { return cut == 'k' || (cut == 'f' && failed <= 1) || (cut == 'r' && by_chance()); }

/* Puts a block on the disk, up to the file's length there: all of it, or those of its
 * sectors that chance keeps. */
static void put(struct file *file, off_t block, int whole, off_t end) {
    char bytes[BLOCK];
    off_t at = block * BLOCK;
    ssize_t length = real_pread(file->in_memory, bytes, BLOCK, at);
    for (ssize_t from = 0; from < length && at + from < end; from += SECTOR) {
        if (whole || is_kept()) {
            ssize_t part = length - from < SECTOR ? length - from : SECTOR;
            if (at + from + part > end) part = end - at - from;
            if (real_pwrite(file->on_disk, bytes + from, (size_t)part, at + from) != part) abort();
        }
    }
}

/* Ends the changes of a file: on the disk where `whole`, else as CUT has it. */
static void settle(struct file *file, int whole) {
    struct stat in_memory, on_disk;
    if (file->on_disk < 0) return;
    if (fstat(file->in_memory, &in_memory) != 0) abort();
    if (file->length_changed && (whole || is_kept()) && real_ftruncate(file->on_disk, in_memory.st_size) != 0) abort();
    if (fstat(file->on_disk, &on_disk) != 0) abort();
    for (off_t block = 0; block * BLOCK < on_disk.st_size; block++) {
        if (file->changed[block]) put(file, block, whole, on_disk.st_size);
    }
    memset(file->changed, 0, sizeof file->changed);
    file->length_changed = 0;
}

static void crash(void) {
    char name[600];
    for (int i = 0; i < FILES; i++) {
        if (files[i].name[0] && cut != 'n') settle(&files[i], 0);
    }
    snprintf(name, sizeof name, "%s/counted", directory);
    int out = real_open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dprintf(out, "%ld %ld\n", counted, failed);
    _exit(137);
}

/* Counts a call of a kind; true where it has to fail. */
static int fails(char kind) {
    calls++;
    if (failed_at && crash_after >= 0 && calls > failed_at + crash_after) crash();
    if (!kinds || !strchr(kinds, kind)) return 0;
    counted++;
    if (!fault_at || counted < fault_at || counted >= fault_at + fault_for) return 0;
    if (!failed_at) failed_at = calls;
    failed++;
    errno = fault_errno;
    return 1;
}

static struct file *file_of(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS ? of[descriptor] : NULL;
}

static void note_write(struct file *file, off_t at, ssize_t length) {
    if (file->on_disk < 0 || length <= 0) return;
    for (off_t block = at / BLOCK; block <= (at + length - 1) / BLOCK; block++) {
        if (block >= BLOCKS) abort();
        file->changed[block] = 1;
    }
    file->length_changed = 1;
}

static struct file *file_named(const char *path) {
    const char *name = strrchr(path, '/');
    if (!directory || !name || strncmp(path, directory, strlen(directory)) != 0) return NULL;
    if (strncmp(name, "/algohook.db", 12) != 0 || strlen(path) > 500) return NULL;
    for (int i = 0; i < FILES; i++) {
        struct file *file = &files[i];
        if (!file->name[0]) {
            char disk[600];
            strcpy(file->name, path);
            snprintf(disk, sizeof disk, "%s.disk", path);
            file->on_disk = -1;
            if (cut != 'n' && !strstr(name, "-shm")) {
                /* What is there at the beginning is on the disk. */
                file->in_memory = real_open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
                file->on_disk = real_open(disk, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
                memset(file->changed, 1, sizeof file->changed);
                file->length_changed = 1;
                settle(file, 1);
            }
        }
        if (strcmp(file->name, path) == 0) return file;
    }
    return NULL;
}

static int opened(const char *path, int flags, mode_t mode) {
    if (strstr(path, "/CRASH")) {
        pthread_mutex_lock(&lock);
        crash();
    }
    pthread_mutex_lock(&lock);
    struct file *file = file_named(path);
    int descriptor = file && fails('o') ? -1 : real_open(path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) of[descriptor] = file;
    pthread_mutex_unlock(&lock);
    return descriptor;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened(path, flags, mode);
}

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS) of[descriptor] = NULL;
    return real_close(descriptor);
}

static ssize_t written(int descriptor, const void *bytes, size_t length, off_t at, int is_at) {
    struct file *file = file_of(descriptor);
    if (!file) return is_at ? real_pwrite(descriptor, bytes, length, at) : real_write(descriptor, bytes, length);
    pthread_mutex_lock(&lock);
    if (!is_at) at = lseek(descriptor, 0, SEEK_CUR);
    int is_failed = fails('w');
    /* A disk that gets full takes the first part. */
    int is_short = is_failed && fault_errno == ENOSPC && counted == fault_at;
    ssize_t part = (ssize_t)(is_short ? length / 2 : is_failed ? 0 : length);
    ssize_t result = part ? real_pwrite(descriptor, bytes, (size_t)part, at) : 0;
    note_write(file, at, result);
    if (!is_at && result > 0) lseek(descriptor, at + result, SEEK_SET);
    if (is_failed && part == 0) {
        errno = fault_errno;
        result = -1;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int descriptor, const void *bytes, size_t length) { return written(descriptor, bytes, length, 0, 0); }
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off_t at) { return written(descriptor, bytes, length, at, 1); }
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t at) { return written(descriptor, bytes, length, at, 1); }

static int read_fails(int descriptor) {
    if (!file_of(descriptor)) return 0;
    pthread_mutex_lock(&lock);
    int is_failed = fails('r');
    pthread_mutex_unlock(&lock);
    return is_failed;
}

ssize_t read(int descriptor, void *bytes, size_t length) {
    return read_fails(descriptor) ? -1 : real_read(descriptor, bytes, length);
}
ssize_t pread64(int descriptor, void *bytes, size_t length, off_t at) {
    return read_fails(descriptor) ? -1 : real_pread(descriptor, bytes, length, at);
}
ssize_t pread(int descriptor, void *bytes, size_t length, off_t at) { return pread64(descriptor, bytes, length, at); }

static int synced(int descriptor, int (*real)(int)) {
    struct file *file = file_of(descriptor);
    if (!file) return real(descriptor);
    pthread_mutex_lock(&lock);
    int is_failed = fails('s');
    settle(file, !is_failed);
    pthread_mutex_unlock(&lock);
    if (is_failed) errno = fault_errno;
    return is_failed ? -1 : 0;
}

int fsync(int descriptor) { return synced(descriptor, real_fsync); }
int fdatasync(int descriptor) { return synced(descriptor, real_fdatasync); }

static int truncated(int descriptor, off_t length) {
    struct file *file = file_of(descriptor);
    if (!file) return real_ftruncate(descriptor, length);
    pthread_mutex_lock(&lock);
    int result = fails('t') ? -1 : real_ftruncate(descriptor, length);
    if (result == 0 && file->on_disk >= 0) {
        for (off_t block = (length + BLOCK - 1) / BLOCK; block < BLOCKS; block++) file->changed[block] = 0;
        /* The rest of the last block is made zero. */
        if (length % BLOCK) file->changed[length / BLOCK] = 1;
        file->length_changed = 1;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int descriptor, off_t length) { return truncated(descriptor, length); }
int ftruncate64(int descriptor, off_t length) { return truncated(descriptor, length); }
