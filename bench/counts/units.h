/* The units of work, each with how often it is done before and while it is counted. */
#ifndef TCHIN_COUNTS_UNITS_H
#define TCHIN_COUNTS_UNITS_H

#include "world.h"

struct unit {
    const char *name;
    struct world_settings world;
    unsigned batch;       /* units done together, as under load */
    unsigned warm_rounds; /* until what begins is as much as what ends */
    unsigned rounds;
    void (*work)(unsigned round, unsigned batch);
};

extern const struct unit units[];
extern const size_t unit_count;

#endif
