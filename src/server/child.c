/* posix_spawn: no memory of ours is copied, and none of our threads, locks and descriptors. */
#include "server/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* `setting` and what we have ourselves, as one block to be freed. NULL: no memory. */
static char **environment_with(const char *setting)
{
    size_t count = 0;

    while (environ[count] != NULL)
        count++;
    char **all = malloc((count + 2) * sizeof(*all));
    if (all == NULL)
        return NULL;
    all[0] = (char *)(uintptr_t)setting; /* it is only read */
    memcpy(all + 1, environ, (count + 1) * sizeof(*all));
    return all;
}

/* Signals are as a program expects them, not as our threads have them. */
static void set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK
                                             | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
}

static int add_files(posix_spawn_file_actions_t *actions, int said_fd)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (error == 0)
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, said_fd, STDERR_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return error;
}

static int spawn(pid_t *pid, const char *const *words, char **environment, int said_fd)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        set_attributes(&attributes);
        error = add_files(&actions, said_fd);
        if (error == 0)
            error = posix_spawnp(pid, words[0], &actions, &attributes,
                                 (char *const *)(uintptr_t)words, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int child_start(struct child *child, const char *const *words, const char *setting)
{
    int ends[2];
    char **environment = environment_with(setting);

    *child = (struct child){0};
    if (environment == NULL)
        return ENOMEM;
    int error = pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
    if (error != 0) {
        free(environment);
        return error;
    }
    error = spawn(&child->pid, words, environment, ends[1]);
    free(environment);
    close(ends[1]);
    child->said_fd = ends[0];
    if (error == 0) {
        (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
        return 0;
    }
    close(ends[0]);
    child->pid = 0;
    return error;
}

/* What came first makes room for what comes last. */
static void keep(struct child *child, const char *bytes, size_t len)
{
    if (len > CHILD_SAID_BYTES - child->said_len) {
        size_t gone = len - (CHILD_SAID_BYTES - child->said_len);
        child->said_len -= gone;
        memmove(child->said, child->said + gone, child->said_len);
    }
    memcpy(child->said + child->said_len, bytes, len);
    child->said_len += len;
}

static void listen_to(struct child *child)
{
    char bytes[512];
    ssize_t len;

    while ((len = read(child->said_fd, bytes, sizeof(bytes))) > 0)
        keep(child, bytes, (size_t)len);
}

static void forget(struct child *child)
{
    close(child->said_fd);
    child->pid = 0;
}

bool child_has_ended(struct child *child, int *status)
{
    int how;

    listen_to(child);
    if (waitpid(child->pid, &how, WNOHANG) == 0)
        return false;
    listen_to(child);
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
    forget(child);
    return true;
}

void child_kill(struct child *child)
{
    if (child->pid == 0)
        return;
    (void)kill(-child->pid, SIGKILL);
    (void)waitpid(child->pid, NULL, 0);
    forget(child);
}

struct slice child_said(const struct child *child)
{
    return (struct slice){child->said, child->said_len};
}
