/* A disk with faults, preloaded into the gateway. Interposes fsync and fdatasync on regular files only:
 *
 *   DISK_FAILS=FILE    while FILE exists every sync fails with EIO, as a dying disk's would;
 *   DISK_FAILS_AT=N    the N-th sync of the process fails with EIO, that one alone;
 *   DISK_FAILED=FILE   is made when it has;
 *   DISK_SYNCED=DIR    at every sync the file is copied to DIR, so that DIR always holds exactly what was synced.
 *
 * What the gateway writes and never syncs is then known, and a power cut can be played by taking it away.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int (*sync_call)(int);

static int failing(int fd) {
    static int syncs;
    const char *file = getenv("DISK_FAILS"), *at = getenv("DISK_FAILS_AT");
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    int nth = __sync_add_and_fetch(&syncs, 1);
    if (at && nth == atoi(at)) {
        const char *failed = getenv("DISK_FAILED");
        int note = failed ? open(failed, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;
        if (note >= 0) close(note);
        return 1;
    }
    return file && access(file, F_OK) == 0;
}

/* Copies what lies behind fd to DIR/name.new; the caller renames it when the sync has succeeded. */
static int copy(int fd, char *copied, size_t size) {
    const char *directory = getenv("DISK_SYNCED");
    char link[64], path[PATH_MAX];
    struct stat status;
    if (!directory || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    if (!name || !strstr(name, "omnigate.db")) return 0;
    snprintf(copied, size, "%s%s", directory, name);
    char fresh[PATH_MAX + 8];
    snprintf(fresh, sizeof fresh, "%s.new", copied);
    int to = open(fresh, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (to < 0) return 0;
    char buffer[65536];
    off_t at = 0;
    ssize_t got;
    while ((got = pread(fd, buffer, sizeof buffer, at)) > 0) {
        if (write(to, buffer, got) != got) break;
        at += got;
    }
    close(to);
    return 1;
}

static int faulty(int fd, const char *name) {
    char copied[PATH_MAX], fresh[PATH_MAX + 8];
    sync_call real = (sync_call)dlsym(RTLD_NEXT, name);
    if (failing(fd)) {
        errno = EIO;
        return -1;
    }
    int kept = copy(fd, copied, sizeof copied);
    int result = real ? real(fd) : -1;
    if (kept && result == 0) {
        snprintf(fresh, sizeof fresh, "%s.new", copied);
        rename(fresh, copied);
    }
    return result;
}

int fsync(int fd) { return faulty(fd, "fsync"); }
int fdatasync(int fd) { return faulty(fd, "fdatasync"); }
