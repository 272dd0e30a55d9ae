/* Clocks that the harness moves, and random bytes that are the same in each run. */
#include "virtual.h"

#include <sys/random.h>
#include <time.h>

#include "server/server.h"

uint64_t virtual_now_ms = UINT64_C(1000000000); /* later than any deadline by a real clock */

#define WALL_MS UINT64_C(1767225600000) /* 2026-01-01 */

uint64_t server_wall_ms(void)
{
    return WALL_MS + virtual_now_ms;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    uint64_t ms = clock == CLOCK_REALTIME ? server_wall_ms() : virtual_now_ms;

    *out = (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
    return 0;
}

/* xorshift64: Marsaglia, 2003 */
void server_random(void *out, size_t count)
{
    static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    unsigned char *to = out;

    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        to[i] = (unsigned char)(state >> 32);
    }
}

ssize_t getrandom(void *out, size_t count, unsigned flags)
{
    (void)flags;
    server_random(out, count);
    return (ssize_t)count;
}
