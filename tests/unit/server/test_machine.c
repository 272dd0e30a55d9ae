/* The memory there is, by control groups of both versions. */
#include "check.h"

#include <stdio.h>
#include <sys/stat.h>

#include "server/machine.h"

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *folder, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void the_least_limit_on_the_way_up_counts(void **state)
{
    static const struct {
        const char *groups;
        uint64_t limit;
        const char *label;
    } cases[] = {
        {"0::/\n",                         8000,       "the root of the tree"      },
        {"0::/a\n",                        3000,       "its own"                   },
        {"0::/a/b\n",                      3000,       "that of the group it is in"},
        {"0::/c\n",                        8000,       "one that says max"         },
        {"0::/nowhere\n",                  8000,       "one that is not there"     },
        {"5:memory:/v\n",                  2000,       "of version 1"              },
        {"7:cpu:/v\n6:memory:/v\n0::/a\n", 2000,       "of both versions"          },
        {"7:cpu,cpuacct:/v\n",             UINT64_MAX, "of another controller"     },
        {"nonsense\n\n:\n",                UINT64_MAX, "what cannot be read"       },
        {"",                               UINT64_MAX, "nothing"                   },
    };
    const char *root = check_folder();
    char groups[512];

    (void)state;
    make_folder(root, "a");
    make_folder(root, "a/b");
    make_folder(root, "c");
    make_folder(root, "memory");
    make_folder(root, "memory/v");
    write_file(root, "memory.max", "8000\n");
    write_file(root, "a/memory.max", "3000\n");
    write_file(root, "a/b/memory.max", "5000\n");
    write_file(root, "c/memory.max", "max\n");
    write_file(root, "memory/memory.limit_in_bytes", "9223372036854771712\n");
    write_file(root, "memory/v/memory.limit_in_bytes", "2000\n");
    snprintf(groups, sizeof(groups), "%s/groups", root);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        write_file(root, "groups", cases[i].groups);
        CHECK_CASE(machine_group_limit(groups, root) == cases[i].limit, cases[i].label);
    }
}

static void without_groups_there_is_no_limit(void **state)
{
    (void)state;
    assert_true(machine_group_limit("/nowhere/groups", "/nowhere") == UINT64_MAX);
}

static void this_machine_has_memory(void **state)
{
    (void)state;
    assert_true(machine_memory_bytes() > 1 << 20);
    assert_true(machine_memory_bytes() < UINT64_MAX / 2);
}

CHECK_MAIN(CHECK_TEST(the_least_limit_on_the_way_up_counts),
           CHECK_TEST(without_groups_there_is_no_limit), CHECK_TEST(this_machine_has_memory))
