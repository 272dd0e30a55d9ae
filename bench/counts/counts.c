/*
 * counts UNIT, under callgrind: does the unit's work until it is in its stride, then some rounds of
 * it that are counted, and says how many units that were. Without callgrind, counts --memory says
 * how many bytes things hold. scripts/bench-counts runs both and reads what they say. counts --talk
 * is for tests.
 */
#include <alloca.h>
#include <gnu/libc-version.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "meter.h"
#include "talk.h"
#include "units.h"
#include "virtual.h"

enum { PAGE = 4096, ROUND_MS = 100 };

static void run(const struct unit *unit)
{
    unsigned round = 0;

    world_begin(&unit->world);
    for (; round < unit->warm_rounds; round++, virtual_now_ms += ROUND_MS)
        unit->work(round, unit->batch);
    meter_start();
    for (; round < unit->warm_rounds + unit->rounds; round++, virtual_now_ms += ROUND_MS)
        unit->work(round, unit->batch);
    meter_stop();
    printf("%s %u\n", unit->name, unit->rounds * unit->batch);
}

static void print_versions(void)
{
    printf("compiler %s\n", __VERSION__);
    printf("libc %s\n", gnu_get_libc_version());
    printf("libcrypto %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
    printf("sqlite %s\n", sqlite3_libversion());
}

static void print_units(void)
{
    for (size_t i = 0; i < unit_count; i++)
        printf("%s\n", units[i].name);
}

static bool find_and_run(const char *name)
{
    for (size_t i = 0; i < unit_count; i++) {
        if (strcmp(name, units[i].name) == 0) {
            run(&units[i]);
            return true;
        }
    }
    return false;
}

static int answer(const char *wish)
{
    bool ok = true;

    if (strcmp(wish, "--list") == 0)
        print_units();
    else if (strcmp(wish, "--versions") == 0)
        print_versions();
    else if (strcmp(wish, "--memory") == 0)
        memory_print();
    else if (strcmp(wish, "--talk") == 0)
        talk();
    else
        ok = find_and_run(wish);
    fflush(stdout);
    _exit(ok ? 0 : 2); /* the store's threads stand still: nothing can be closed in order */
}

/*
 * How often a copy goes round its loop depends on where its bytes lie: from here on the stack
 * begins on a page, whatever environment lies above it.
 */
int main(int argc, char **argv)
{
    volatile char *gap = alloca(((uintptr_t)__builtin_frame_address(0) & (PAGE - 1)) + 1);

    gap[0] = 0;
    return argc == 2 ? answer(argv[1]) : 2;
}
