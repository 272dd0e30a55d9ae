/* When a certificate is asked for: at once, at two thirds of its life, and again after failures. */
#ifndef TCHIN_SERVER_ACME_SCHEDULE_H
#define TCHIN_SERVER_ACME_SCHEDULE_H

#include <stdint.h>

/* All in seconds since 1970. Of a certificate that is none, all zero: it has long been over. */
struct acme_validity {
    uint64_t from_s;
    uint64_t until_s;
};

/*
 * Two thirds of its life, or up to a thirtieth of it earlier: by `random`, so that not all who have
 * theirs from the same day come at the same time.
 */
uint64_t acme_renewal_s(struct acme_validity validity, uint32_t random);

/*
 * How long to wait after that many failures in a row, 1 or more: two minutes, then four times
 * longer each, a day at most, up to a fifth more by `random`. Public servers allow five failures of
 * a domain in an hour.
 */
uint64_t acme_pause_s(unsigned failures, uint32_t random);

#endif
