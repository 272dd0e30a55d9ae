/*
 * cgroups(7) and proc(5). The clock ticks of /proc/PID/stat are too coarse for a second of load, so
 * the sum over a process comes from the nanoseconds of its threads.
 */
#include "tools/load_cpu.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_PATH = 512, MAX_TEXT = 4096 };

/* The beginning of a small file, NUL-terminated. */
static bool read_text(const char *folder, const char *name, char text[MAX_TEXT])
{
    char path[MAX_PATH];

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return false;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t len = fread(text, 1, MAX_TEXT - 1, file);
    text[len] = '\0';
    fclose(file);
    return len > 0;
}

static bool read_number(const char *folder, const char *name, uint64_t *out)
{
    char text[MAX_TEXT];

    if (!read_text(folder, name, text))
        return false;
    *out = strtoull(text, NULL, 10);
    return true;
}

static bool find_usec(const char *text, const char *key, uint64_t *out_ns)
{
    const char *at = strstr(text, key);

    if (at == NULL)
        return false;
    *out_ns = strtoull(at + strlen(key), NULL, 10) * 1000;
    return true;
}

static bool read_cgroup(const char *folder, struct load_cpu *out)
{
    char text[MAX_TEXT];

    if (read_number(folder, "cpuacct.usage", &out->all_ns))
        return read_number(folder, "cpuacct.usage_user", &out->user_ns)
               && read_number(folder, "cpuacct.usage_sys", &out->system_ns);
    return read_text(folder, "cpu.stat", text) && find_usec(text, "usage_usec ", &out->all_ns)
           && find_usec(text, "user_usec ", &out->user_ns)
           && find_usec(text, "system_usec ", &out->system_ns);
}

/* The first number of each thread's schedstat: nanoseconds spent on a CPU. */
static bool sum_threads(uint32_t pid, uint64_t *out)
{
    char path[MAX_PATH];
    struct dirent *entry;
    uint64_t ns;

    snprintf(path, sizeof(path), "/proc/%u/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    *out = 0;
    while ((entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%u/task/%.32s", pid, entry->d_name);
        if (entry->d_name[0] != '.' && read_number(path, "schedstat", &ns))
            *out += ns;
    }
    closedir(folder);
    return true;
}

/* proc(5): utime and stime are the fields 14 and 15; the second is a name in parentheses. */
static bool read_ticks(uint32_t pid, uint64_t *user, uint64_t *system)
{
    char folder[64];
    char text[MAX_TEXT];

    snprintf(folder, sizeof(folder), "/proc/%u", pid);
    char *at = read_text(folder, "stat", text) ? strrchr(text, ')') : NULL;
    for (int field = 2; at != NULL && field < 14; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL)
        return false;
    *user = strtoull(at, &at, 10);
    *system = strtoull(at, &at, 10);
    return true;
}

static bool read_process(uint32_t pid, struct load_cpu *out)
{
    uint64_t tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);

    if (!sum_threads(pid, &out->all_ns) || !read_ticks(pid, &out->user_ns, &out->system_ns))
        return false;
    out->user_ns *= tick_ns;
    out->system_ns *= tick_ns;
    return true;
}

bool load_cpu_read(const struct load_cpu_source *source, struct load_cpu *out, struct buffer *fault)
{
    *out = (struct load_cpu){0};
    if (source->cgroup != NULL && !read_cgroup(source->cgroup, out)) {
        buffer_printf(fault, "%.300s is no control group that counts CPU time: name its folder",
                      source->cgroup);
        return false;
    }
    if (source->cgroup == NULL && source->pid != 0 && !read_process(source->pid, out)) {
        buffer_printf(fault, "there is no process %u", source->pid);
        return false;
    }
    return true;
}

static uint64_t nanoseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
}

struct load_cpu load_cpu_own(void)
{
    struct rusage usage;
    struct load_cpu own;

    getrusage(RUSAGE_SELF, &usage);
    own.user_ns = nanoseconds(usage.ru_utime);
    own.system_ns = nanoseconds(usage.ru_stime);
    own.all_ns = own.user_ns + own.system_ns;
    return own;
}

/* The kernel samples what is user and what is system, and measures the sum: as cpu.stat has it. */
struct load_cpu load_cpu_between(const struct load_cpu *from, const struct load_cpu *to)
{
    uint64_t all = to->all_ns - from->all_ns;
    uint64_t user = to->user_ns - from->user_ns;
    uint64_t system = to->system_ns - from->system_ns;
    double share = user + system > 0 ? (double)user / (double)(user + system) : 0;

    user = (uint64_t)((double)all * share);
    return (struct load_cpu){all, user, all - user};
}
