/* Pure sums. */
#include "server/acme_schedule.h"

enum { FIRST_PAUSE_S = 120, LONGEST_PAUSE_S = 24 * 60 * 60 };

/* A share of `whole` that `random` chooses. */
static uint64_t some_of(uint64_t whole, uint32_t random)
{
    return (whole * random) >> 32;
}

uint64_t acme_renewal_s(struct acme_validity validity, uint32_t random)
{
    uint64_t life_s = validity.until_s > validity.from_s ? validity.until_s - validity.from_s : 0;

    return validity.from_s + life_s / 3 * 2 - some_of(life_s / 30, random);
}

uint64_t acme_pause_s(unsigned failures, uint32_t random)
{
    uint64_t pause_s = FIRST_PAUSE_S;

    for (unsigned i = 1; i < failures && pause_s < LONGEST_PAUSE_S; i++)
        pause_s *= 4;
    if (pause_s > LONGEST_PAUSE_S)
        pause_s = LONGEST_PAUSE_S;
    return pause_s + some_of(pause_s / 5, random);
}
