/* A short table, searched from end to end: it is nearly always empty. */
#include "sip/dead_targets.h"

void sip_dead_init(struct sip_dead_targets *dead, uint32_t first_pause_ms, uint32_t max_pause_ms)
{
    dead->first_pause_ms = first_pause_ms;
    dead->max_pause_ms = max_pause_ms;
    dead->count = 0;
}

static struct sip_dead_target *find(struct sip_dead_targets *dead,
                                    const struct sip_candidate *place)
{
    for (size_t i = 0; i < dead->count; i++) {
        if (sip_candidate_same_place(&dead->all[i].place, place))
            return &dead->all[i];
    }
    return NULL;
}

static struct sip_dead_target *make_room(struct sip_dead_targets *dead)
{
    struct sip_dead_target *soonest = &dead->all[0];

    if (dead->count < SIP_DEAD_MAX)
        return &dead->all[dead->count++];
    for (size_t i = 1; i < dead->count; i++) {
        if (dead->all[i].until_ms < soonest->until_ms)
            soonest = &dead->all[i];
    }
    return soonest;
}

static void prolong(struct sip_dead_targets *dead, struct sip_dead_target *target, uint64_t now_ms)
{
    if (now_ms < target->until_ms && !target->is_probed)
        return;
    target->pause_ms =
        target->pause_ms < dead->max_pause_ms / 2 ? target->pause_ms * 2 : dead->max_pause_ms;
    target->until_ms = now_ms + target->pause_ms;
    target->is_probed = false;
}

void sip_dead_add(struct sip_dead_targets *dead, const struct sip_candidate *place, uint64_t now_ms)
{
    struct sip_dead_target *target = find(dead, place);

    if (target != NULL) {
        prolong(dead, target, now_ms);
        return;
    }
    target = make_room(dead);
    *target = (struct sip_dead_target){.place = *place,
                                       .until_ms = now_ms + dead->first_pause_ms,
                                       .pause_ms = dead->first_pause_ms};
    target->place.host = SLICE_NONE;
}

void sip_dead_remove(struct sip_dead_targets *dead, const struct sip_candidate *place)
{
    struct sip_dead_target *target = find(dead, place);

    if (target != NULL)
        *target = dead->all[--dead->count];
}

/* A probe of which nothing is ever heard is followed by another, a while later. */
bool sip_dead_avoid(struct sip_dead_targets *dead, const struct sip_candidate *place,
                    uint64_t now_ms)
{
    struct sip_dead_target *target = find(dead, place);

    if (target == NULL)
        return false;
    if (now_ms < target->until_ms)
        return true;
    target->until_ms = now_ms + target->pause_ms;
    target->is_probed = true;
    return false;
}
