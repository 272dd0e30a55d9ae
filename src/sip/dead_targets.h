/*
 * Places that did not answer lately, so that others are tried before them. A place is avoided for a
 * while; then whoever comes first may probe it, and while that is under way the others keep away.
 * Each probe that fails doubles the while. Of more than SIP_DEAD_MAX the one soonest to be probed
 * is forgotten.
 */
#ifndef TCHIN_SIP_DEAD_TARGETS_H
#define TCHIN_SIP_DEAD_TARGETS_H

#include "sip/candidate.h"

enum { SIP_DEAD_MAX = 64 };

struct sip_dead_target {
    struct sip_candidate place; /* without its host */
    uint64_t until_ms;
    uint32_t pause_ms;
    bool is_probed; /* somebody was let through at the last `until_ms` */
};

struct sip_dead_targets {
    uint32_t first_pause_ms;
    uint32_t max_pause_ms;
    size_t count;
    struct sip_dead_target all[SIP_DEAD_MAX];
};

void sip_dead_init(struct sip_dead_targets *dead, uint32_t first_pause_ms, uint32_t max_pause_ms);

/* It failed. Several requests that failed in the same while count as one. */
void sip_dead_add(struct sip_dead_targets *dead, const struct sip_candidate *place,
                  uint64_t now_ms);

/* It answered, whatever it said. */
void sip_dead_remove(struct sip_dead_targets *dead, const struct sip_candidate *place);

/* Whether others are to be tried first. False for one that is remembered: the asker probes it. */
bool sip_dead_avoid(struct sip_dead_targets *dead, const struct sip_candidate *place,
                    uint64_t now_ms);

#endif
