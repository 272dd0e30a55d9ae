/* The value of Date: RFC 3261 20.17. */
#ifndef TCHIN_SERVER_DATE_H
#define TCHIN_SERVER_DATE_H

#include "base/slice.h"

/* The last one that was written, which is good for a second. Zeroed: none. */
struct date {
    uint64_t second;
    char text[32];
    size_t len;
};

/* In `date`, until it is asked again. */
struct slice date_at(struct date *date, uint64_t wall_ms);

#endif
