/*
 * Control groups say in a file what a group may have: memory.max in the one tree of version 2, or
 * memory.limit_in_bytes in a tree of its own of version 1. A limit is that of all groups within.
 */
#include "server/machine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/slice.h"

enum { MAX_LINE = 1024, MAX_FILE_NAME = 2 * MAX_LINE };

/* "max" is no number: no limit. */
static uint64_t read_limit(const char *folder, int folder_len, const char *name)
{
    char file_name[MAX_FILE_NAME], text[32] = "";
    uint64_t limit = UINT64_MAX;

    snprintf(file_name, sizeof(file_name), "%.*s/%s", folder_len, folder, name);
    FILE *file = fopen(file_name, "re");
    if (file == NULL)
        return UINT64_MAX;
    if (fgets(text, sizeof(text), file) == NULL
        || !slice_to_u64(slice_trim(slice_of(text)), UINT64_MAX, &limit))
        limit = UINT64_MAX;
    fclose(file);
    return limit;
}

/* The least of the group's own and of those it is in; `root_len` bytes are the tree's. */
static uint64_t least_limit(char *folder, size_t root_len, const char *name)
{
    uint64_t least = UINT64_MAX;

    for (;;) {
        uint64_t limit = read_limit(folder, (int)strlen(folder), name);
        if (limit < least)
            least = limit;
        char *last = strrchr(folder, '/');
        if (last == NULL || (size_t)(last - folder) < root_len)
            return least;
        *last = '\0';
    }
}

/* hierarchy-ID ":" controllers ":" path; of version 2 the controllers are empty. */
static uint64_t limit_of_line(char *line, const char *root)
{
    char folder[MAX_FILE_NAME];
    char *controllers = strchr(line, ':');
    char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

    if (path == NULL)
        return UINT64_MAX;
    *path++ = '\0';
    controllers++;
    bool is_second_version = controllers[0] == '\0';
    if (!is_second_version && strcmp(controllers, "memory") != 0)
        return UINT64_MAX;
    const char *tree = is_second_version ? "" : "/memory";
    snprintf(folder, sizeof(folder), "%s%s%s", root, tree, strcmp(path, "/") == 0 ? "" : path);
    return least_limit(folder, strlen(root) + strlen(tree),
                       is_second_version ? "memory.max" : "memory.limit_in_bytes");
}

uint64_t machine_group_limit(const char *groups_file, const char *root)
{
    char line[MAX_LINE];
    uint64_t least = UINT64_MAX;
    FILE *file = fopen(groups_file, "re");

    if (file == NULL)
        return UINT64_MAX;
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        uint64_t limit = limit_of_line(line, root);
        if (limit < least)
            least = limit;
    }
    fclose(file);
    return least;
}

uint64_t machine_memory_bytes(void)
{
    uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t limit = machine_group_limit("/proc/self/cgroup", "/sys/fs/cgroup");

    return limit < all ? limit : all;
}
