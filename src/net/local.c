/* A folder's descriptor has a short path: /proc/self/fd/N. */
#include "net/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

static int open_folder(const char *folder)
{
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

/* False: the name is too long. */
static bool write_address(int folder, const char *name, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s", folder, name);
    return len > 0 && (size_t)len < sizeof(out->sun_path);
}

static int bind_and_listen(int folder, const char *name)
{
    struct sockaddr_un addr;

    if (!write_address(folder, name, &addr))
        return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)unlinkat(folder, name, 0);
    /* The mode of the socket is that of its file: nobody else may open it, from the first moment.
     */
    if (fchmod(fd, 0600) == 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0
        && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

int net_local_listen(const char *folder, const char *name)
{
    int at = open_folder(folder);

    if (at < 0)
        return at;
    int fd = bind_and_listen(at, name);
    close(at);
    return fd;
}

static int connect_to(int folder, const char *name)
{
    struct sockaddr_un addr;

    if (!write_address(folder, name, &addr))
        return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

int net_local_connect(const char *folder, const char *name)
{
    int at = open_folder(folder);

    if (at < 0)
        return at;
    int fd = connect_to(at, name);
    close(at);
    return fd;
}

void net_local_remove(const char *folder, const char *name)
{
    int at = open_folder(folder);

    if (at < 0)
        return;
    (void)unlinkat(at, name, 0);
    close(at);
}
