/* The lock is flock's: it ends with its holder, however that ends. The pid in it is for people. */
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool folder_path(const char *folder, const char *file, char out[FOLDER_MAX_PATH])
{
    struct buffer path = buffer_over(out, FOLDER_MAX_PATH);

    buffer_add_text(&path, folder);
    buffer_add_char(&path, '/');
    buffer_add_text(&path, file);
    buffer_add_char(&path, '\0');
    return !path.overflowed;
}

static enum err refuse(struct buffer *fault, const char *what, const char *path)
{
    buffer_add_text(fault, what);
    buffer_add_text(fault, path);
    buffer_add_text(fault, ": ");
    buffer_add_text(fault, strerror(errno));
    return ERR_IO;
}

static enum err say_who_holds_it(int fd, const char *folder, struct buffer *fault)
{
    char text[32];
    ssize_t len = pread(fd, text, sizeof(text), 0);
    struct slice pid = slice_trim((struct slice){text, len > 0 ? (size_t)len : 0});
    uint32_t number = 0;

    buffer_add_text(fault, "another tchind ");
    if (slice_to_u32(pid, INT32_MAX, &number))
        buffer_printf(fault, "(pid %u) ", (unsigned)number);
    buffer_add_text(fault, "uses ");
    buffer_add_text(fault, folder);
    return ERR_BUSY;
}

static bool write_pid(int fd)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len;
}

enum err folder_lock(const char *folder, int *out, struct buffer *fault)
{
    char path[FOLDER_MAX_PATH];

    if (!folder_path(folder, "lock", path)) {
        errno = ENAMETOOLONG;
        return refuse(fault, "cannot use ", folder);
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return refuse(fault, "cannot create ", folder);

    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return refuse(fault, "cannot write to ", path);
    enum err err = ERR_NONE;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        err = errno == EWOULDBLOCK ? say_who_holds_it(fd, folder, fault)
                                   : refuse(fault, "cannot lock ", path);
    else if (!write_pid(fd))
        err = refuse(fault, "cannot write to ", path);
    if (err != ERR_NONE)
        close(fd);
    else
        *out = fd;
    return err;
}

enum err folder_make_file(const char *path, struct buffer *fault)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return refuse(fault, "cannot open ", path);
    close(fd);
    return ERR_NONE;
}

bool folder_sync_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool done = fd >= 0 && fdatasync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return done;
}
