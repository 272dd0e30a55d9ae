/*
 * Values below 64 have a cell each. Of a larger one the highest bit chooses the group of 64 cells,
 * and the six bits that follow it the cell.
 */
#include "tools/load_histogram.h"

static unsigned cell_of(uint64_t value)
{
    if (value < LOAD_HISTOGRAM_STEPS)
        return (unsigned)value;
    unsigned shift = 57 - (unsigned)__builtin_clzll(value);
    return shift * LOAD_HISTOGRAM_STEPS + (unsigned)(value >> shift);
}

/* The middle of the cell. */
static uint64_t value_of(unsigned cell)
{
    if (cell < 2 * LOAD_HISTOGRAM_STEPS)
        return cell;
    unsigned shift = cell / LOAD_HISTOGRAM_STEPS - 1;
    uint64_t low = (uint64_t)(cell - shift * LOAD_HISTOGRAM_STEPS) << shift;
    return low + ((uint64_t)1 << shift) / 2;
}

void load_histogram_add(struct load_histogram *histogram, uint64_t value)
{
    histogram->count++;
    histogram->cells[cell_of(value)]++;
    if (value > histogram->max)
        histogram->max = value;
}

uint64_t load_histogram_at(const struct load_histogram *histogram, double fraction)
{
    uint64_t wanted = (uint64_t)(fraction * (double)histogram->count);
    uint64_t seen = 0;

    for (unsigned cell = 0; cell < LOAD_HISTOGRAM_CELLS; cell++) {
        seen += histogram->cells[cell];
        if (seen > wanted)
            return value_of(cell) < histogram->max ? value_of(cell) : histogram->max;
    }
    return histogram->max;
}
