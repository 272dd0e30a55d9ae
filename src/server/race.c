/* The transport opens and tells; here is who runs, and when the next one may. */
#include "server/race.h"

#include <stdlib.h>

struct runner {
    struct transport_waiter waiter;
    struct race *race;
    struct sip_candidate place;
    struct hop hop;
    size_t number; /* in the order of their beginning */
    bool runs;
};

struct race {
    struct worker *w;
    const struct race_host *host;
    void *owner;
    struct alarm next;
    size_t running;
    size_t begun;
    struct runner runners[RACE_MAX];
};

static void next_is_due(struct alarm *alarm)
{
    struct race *race = CONTAINER_OF(alarm, struct race, next);

    if (race->running < RACE_MAX)
        race->host->is_due(race->owner);
}

size_t race_bytes(void)
{
    return sizeof(struct race);
}

struct race *race_start(struct worker *w, const struct race_host *host, void *owner)
{
    struct race *race = calloc(1, sizeof(*race));

    if (race == NULL)
        return NULL;
    race->w = w;
    race->host = host;
    race->owner = owner;
    race->next.ring = next_is_due;
    timer_init(&race->next.timer);
    for (size_t i = 0; i < RACE_MAX; i++)
        list_init(&race->runners[i].waiter.node);
    return race;
}

static void avoid(struct race *race, const struct runner *runner)
{
    sip_dead_add(&race->w->dead_targets, &runner->place, race->w->now_ms);
}

/* Who began earlier and is not there yet is to be tried after the others next time. */
static void avoid_overtaken(struct race *race, const struct runner *winner)
{
    for (size_t i = 0; i < RACE_MAX; i++) {
        if (race->runners[i].runs && race->runners[i].number < winner->number)
            avoid(race, &race->runners[i]);
    }
}

/* Last: whom it tells may stop the race. */
static void runner_told(struct transport_waiter *waiter, bool is_open)
{
    struct runner *runner = CONTAINER_OF(waiter, struct runner, waiter);
    struct race *race = runner->race;
    struct arena *arena = race->w->arena;

    runner->runs = false;
    race->running--;
    if (is_open) {
        avoid_overtaken(race, runner);
        race->host->is_won(race->owner, &runner->place, &runner->hop);
    } else {
        avoid(race, runner);
        race->host->has_failed(race->owner, race->running);
    }
    arena_reset(arena);
}

static struct runner *find_idle(struct race *race)
{
    for (size_t i = 0; i < RACE_MAX; i++) {
        if (!race->runners[i].runs)
            return &race->runners[i];
    }
    return NULL;
}

enum transport_opening race_add(struct race *race, const struct sip_candidate *place,
                                struct hop *hop)
{
    struct runner *runner = find_idle(race);

    if (runner == NULL)
        return TRANSPORT_CANNOT;
    runner->waiter.told = runner_told;
    enum transport_opening opening = transport_await(race->w->transport, hop, &runner->waiter);
    if (opening != TRANSPORT_OPENING)
        return opening;
    runner->race = race;
    runner->place = *place;
    runner->hop = *hop;
    runner->number = race->begun++;
    runner->runs = true;
    race->running++;
    worker_set_alarm(race->w, &race->next, race->w->now_ms + RACE_STEP_MS);
    return TRANSPORT_OPENING;
}

void race_stop(struct race *race)
{
    if (race == NULL)
        return;
    timer_clear(&race->next.timer);
    for (size_t i = 0; i < RACE_MAX; i++) {
        struct runner *runner = &race->runners[i];
        list_remove(&runner->waiter.node);
        if (runner->runs)
            transport_give_up(race->w->transport, &runner->hop);
    }
    free(race);
}
