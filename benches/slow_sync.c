/* A disk whose syncs take SYNC_US microseconds more, for LD_PRELOAD: see slow_disk.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int (*real_fsync)(int), (*real_fdatasync)(int);
static struct timespec more;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("SYNC_US");
    long us = text ? atol(text) : 0;
    more.tv_sec = us / 1000000;
    more.tv_nsec = us % 1000000 * 1000;
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
}

int fsync(int descriptor) {
    nanosleep(&more, NULL);
    return real_fsync(descriptor);
}

int fdatasync(int descriptor) {
    nanosleep(&more, NULL);
    return real_fdatasync(descriptor);
}
