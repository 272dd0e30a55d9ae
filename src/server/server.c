/* The clock of the calendar, and random bytes. */
#include "server/server.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

uint64_t server_wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void server_random(void *out, size_t count)
{
    char *at = out;

    while (count > 0) {
        ssize_t got = getrandom(at, count, 0);
        if (got < 0)
            abort(); /* without random numbers nothing we sign is worth anything */
        at += got;
        count -= (size_t)got;
    }
}
