/* The targets of SRV records, in the order of RFC 2782. */
#include "sip/locate_inside.h"

#include <strings.h>

/* A name that leaves no room for the prefix has no SRV records. */
void sip_locate_add_service(struct sip_locate *l, enum sip_transport transport)
{
    size_t len = sip_transports[transport].srv_prefix.len + l->domain.len;

    if (l->service_count == SIP_LOCATE_MAX_SERVICES)
        return;
    l->services[l->service_count++] = (struct sip_locate_service){
        .state = len <= SIP_LOCATE_MAX_NAME ? SIP_QUESTION_TO_ASK : SIP_QUESTION_ABSENT,
        .transport = transport};
}

/* --- taking in -------------------------------------------------------------------------------- */

/* By ASCII, whatever the case. */
static int compare_names(struct slice a, struct slice b)
{
    int order = strncasecmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/*
 * Equals by their names, for a resolver may turn the records at every answer, and the same random
 * number is to lead to the same target: RFC 3263 4.4.
 */
static bool comes_before(const struct sip_locate *l, const struct sip_locate_target *a,
                         struct slice name, const struct sip_locate_target *b)
{
    if (a->service != b->service)
        return a->service < b->service;
    if (a->priority != b->priority)
        return a->priority < b->priority;
    int order = compare_names(name, sip_locate_name_text(l, b->name));
    return order != 0 ? order < 0 : a->port < b->port;
}

/* One server is often the target of several services. */
static bool keep_target_name(struct sip_locate *l, struct slice name, struct sip_locate_name *out)
{
    for (size_t i = 0; i < l->target_count; i++) {
        if (slice_equal_nocase(sip_locate_name_text(l, l->targets[i].name), name)) {
            *out = l->targets[i].name;
            return true;
        }
    }
    return sip_locate_keep_name(l, name, out);
}

/* Of more than there is room for, those of the lowest priority numbers are kept. */
static void insert(struct sip_locate *l, struct sip_locate_target target, struct slice name)
{
    size_t at = l->target_count;

    while (at > 0 && comes_before(l, &target, name, &l->targets[at - 1]))
        at--;
    if (at == SIP_LOCATE_MAX_TARGETS || !keep_target_name(l, name, &target.name))
        return;
    if (l->target_count < SIP_LOCATE_MAX_TARGETS)
        l->target_count++;
    memmove(&l->targets[at + 1], &l->targets[at],
            (l->target_count - 1 - at) * sizeof(l->targets[0]));
    l->targets[at] = target;
}

/* RFC 2782: the target "." says that there is no such service. Nor can anything listen on port 0.
 */
void sip_locate_add_srv(struct sip_locate *l, uint8_t service, const struct sip_srv *srv)
{
    const struct sip_locate_target target = {
        .service = service, .priority = srv->priority, .weight = srv->weight, .port = srv->port};

    if (service < l->service_count && l->services[service].state == SIP_QUESTION_ASKED
        && srv->port != 0 && !slice_equal(srv->target, SLICE(".")))
        insert(l, target, srv->target);
}

/* --- choosing --------------------------------------------------------------------------------- */

/* SplitMix64: not for secrets, but whoever does not know the seed cannot tell what comes next. */
static uint64_t draw(struct sip_locate *l)
{
    uint64_t z = (l->random += 0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* Those of one service and priority that were not taken yet. */
struct group {
    size_t count;
    size_t zeros; /* how many have no weight */
    uint32_t weights;
    struct sip_locate_target *targets[SIP_LOCATE_MAX_TARGETS];
};

static void add_to_group(struct group *group, struct sip_locate_target *target)
{
    group->targets[group->count++] = target;
    group->zeros += target->weight == 0;
    group->weights += target->weight;
}

static void find_group(struct sip_locate *l, struct group *out)
{
    out->count = out->zeros = out->weights = 0;
    for (size_t i = 0; i < l->target_count; i++) {
        struct sip_locate_target *target = &l->targets[i];
        if (target->is_taken || target->service != l->service_at)
            continue;
        if (out->count > 0 && target->priority != out->targets[0]->priority)
            return;
        add_to_group(out, target);
    }
}

static struct sip_locate_target *nth_without_weight(const struct group *group, size_t n)
{
    size_t i = 0;

    while (group->targets[i]->weight != 0 || n-- > 0)
        i++;
    return group->targets[i];
}

/* The first whose running sum is not below `sum`, which is above 0. */
static struct sip_locate_target *at_running_sum(const struct group *group, uint64_t sum)
{
    size_t i = 0;

    for (uint64_t running = group->targets[0]->weight; running < sum;)
        running += group->targets[++i]->weight;
    return group->targets[i];
}

/*
 * RFC 2782, "Weight": a number from 0 to the sum of the weights tells which one. Those without
 * weight come first, and so it is theirs to share 0; where there are none, 0 is not drawn, for it
 * would give the first one more than its weight says (erratum 8120).
 */
static struct sip_locate_target *choose(struct sip_locate *l, const struct group *group)
{
    uint64_t sum =
        group->zeros > 0 ? draw(l) % (group->weights + 1ULL) : 1 + draw(l) % group->weights;

    return sum == 0 ? nth_without_weight(group, draw(l) % group->zeros)
                    : at_running_sum(group, sum);
}

const struct sip_locate_target *sip_locate_take_target(struct sip_locate *l)
{
    struct group group;

    if (l->services[l->service_at].state != SIP_QUESTION_FOUND)
        return NULL;
    find_group(l, &group);
    if (group.count == 0)
        return NULL;
    struct sip_locate_target *target = choose(l, &group);
    target->is_taken = true;
    return target;
}
