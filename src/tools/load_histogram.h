/*
 * How often a time of which length: log-linear, 64 steps to each doubling, so that a percentile is
 * off by 1.6% at most, whatever its size.
 */
#ifndef TCHIN_TOOLS_LOAD_HISTOGRAM_H
#define TCHIN_TOOLS_LOAD_HISTOGRAM_H

#include <stdint.h>

enum { LOAD_HISTOGRAM_STEPS = 64, LOAD_HISTOGRAM_CELLS = 59 * LOAD_HISTOGRAM_STEPS };

struct load_histogram {
    uint64_t count;
    uint64_t max;
    uint64_t cells[LOAD_HISTOGRAM_CELLS];
};

void load_histogram_add(struct load_histogram *histogram, uint64_t value);

/* The value that `fraction` of all do not exceed; 0 without any. */
uint64_t load_histogram_at(const struct load_histogram *histogram, double fraction);

#endif
