/*
 * A made-up DNS for the machine of sip/locate.h: a zone as lines of text, and what comes of a
 * search in it as one line of text.
 */
#ifndef TCHIN_TESTS_LOCATE_WORLD_H
#define TCHIN_TESTS_LOCATE_WORLD_H

#include "check.h"

#include "sip/locate.h"

enum { WORLD_FIELDS = 10, WORLD_TEXT = 4096, WORLD_ALIASES = 8 };

/*
 * `zone` has a record a line, as in a master file: "example.com. IN SRV 0 1 5060 a.example.com.".
 * "FAIL TYPE" in place of a record stands for SERVFAIL. What is not there is absent.
 */
struct world {
    struct slice zone;
    struct sip_dead_targets *dead;
    uint64_t now_ms;
    uint64_t random;
    size_t question_count;
    char asked_memory[WORLD_TEXT];
    struct buffer asked; /* "NAPTR example.com, SRV _sip._udp.example.com" */
    char found_memory[WORLD_TEXT];
    struct buffer found; /* "UDP 192.0.2.1:5060 a.example.com, no more" */
};

static inline struct world *world_of(const char *zone)
{
    static struct world world;

    world = (struct world){.zone = slice_of(zone)};
    world.asked = buffer_over(world.asked_memory, sizeof(world.asked_memory));
    world.found = buffer_over(world.found_memory, sizeof(world.found_memory));
    return &world;
}

/* "TLS TCP UDP", the preferred first; both families */
static inline struct sip_locate_client world_client(const char *names)
{
    struct sip_locate_client client = {.has_ipv4 = true, .has_ipv6 = true};
    struct slice rest = slice_of(names);

    while (rest.len > 0) {
        struct slice name = {rest.ptr, slice_find(rest, ' ')};
        assert_true(sip_transport_find(name, &client.transports[client.transport_count++]));
        rest = slice_after(rest, name.len + 1);
    }
    return client;
}

/* --- the zone --------------------------------------------------------------------------------- */

struct world_record {
    struct slice owner;
    struct slice type;
    struct slice data[WORLD_FIELDS];
};

static inline struct slice world_next_field(struct slice *line)
{
    struct slice field;

    *line = slice_trim(*line);
    if (line->len > 0 && line->ptr[0] == '"') {
        *line = slice_after(*line, 1);
        field = (struct slice){line->ptr, slice_find(*line, '"')};
    } else {
        field = (struct slice){line->ptr, slice_find(*line, ' ')};
    }
    *line = slice_after(*line, field.len + 1);
    return field;
}

static inline struct slice world_name(struct slice name)
{
    if (name.len > 1 && name.ptr[name.len - 1] == '.')
        name.len--;
    return name;
}

/* owner [TTL] [IN] type data */
static inline bool world_next_record(struct slice *zone, struct world_record *out)
{
    if (slice_trim(*zone).len == 0)
        return false;
    struct slice line = {zone->ptr, slice_find(*zone, '\n')};
    *zone = slice_after(*zone, line.len + 1);
    out->owner = world_name(world_next_field(&line));
    do
        out->type = world_next_field(&line);
    while (slice_equal(out->type, SLICE("IN"))
           || (out->type.len > 0 && ascii_is_digit(out->type.ptr[0])));
    for (size_t i = 0; i < WORLD_FIELDS; i++)
        out->data[i] = world_next_field(&line);
    return true;
}

static inline uint16_t world_number(struct slice digits)
{
    uint32_t number = 0;

    assert_true(slice_to_u32(digits, UINT16_MAX, &number));
    return (uint16_t)number;
}

/* --- answers ---------------------------------------------------------------------------------- */

static inline void world_add(struct sip_locate *l, const struct sip_question *question,
                             const struct world_record *record)
{
    const struct slice *data = record->data;

    if (question->type == SIP_ASK_NAPTR) {
        const struct sip_naptr naptr = {
            world_number(data[0]), world_number(data[1]), data[2], data[3], data[4],
            world_name(data[5])};
        sip_locate_add_naptr(l, &naptr);
    } else if (question->type == SIP_ASK_SRV) {
        const struct sip_srv srv = {world_number(data[0]), world_number(data[1]),
                                    world_number(data[2]), world_name(data[3])};
        sip_locate_add_srv(l, question->service, &srv);
    } else {
        struct sip_ip ip;
        assert_true(sip_ip_parse(data[0], &ip));
        sip_locate_add_address(l, &ip);
    }
}

static inline bool world_is_of_type(const struct sip_question *question, struct slice type)
{
    switch (question->type) {
    case SIP_ASK_NAPTR: return slice_equal(type, SLICE("NAPTR"));
    case SIP_ASK_SRV: return slice_equal(type, SLICE("SRV"));
    case SIP_ASK_ADDRESSES:
        return slice_equal(type, SLICE("A")) || slice_equal(type, SLICE("AAAA"));
    }
    return false;
}

/* Follows CNAMEs as a resolver does, which gives up on a loop. */
static inline enum sip_answer world_resolve(const struct world *world, struct sip_locate *l,
                                            const struct sip_question *question, struct slice name,
                                            size_t aliases)
{
    enum sip_answer answer = SIP_ANSWER_ABSENT;
    struct slice zone = world->zone;
    struct world_record record;

    while (world_next_record(&zone, &record)) {
        if (!slice_equal_nocase(record.owner, name))
            continue;
        if (slice_equal(record.type, SLICE("CNAME")))
            return aliases == WORLD_ALIASES
                       ? SIP_ANSWER_FAILED
                       : world_resolve(world, l, question, world_name(record.data[0]), aliases + 1);
        if (slice_equal(record.type, SLICE("FAIL")) && world_is_of_type(question, record.data[0]))
            return SIP_ANSWER_FAILED;
        if (world_is_of_type(question, record.type)) {
            world_add(l, question, &record);
            answer = SIP_ANSWER_FOUND;
        }
    }
    return answer;
}

static inline void world_answer(const struct world *world, struct sip_locate *l,
                                const struct sip_question *question)
{
    enum sip_answer answer = world_resolve(world, l, question, slice_of(question->name), 0);

    sip_locate_answered(l, question, answer);
}

/* --- the search ------------------------------------------------------------------------------- */

static inline void world_note_question(struct world *world, const struct sip_question *question)
{
    static const char *const types[] = {"NAPTR", "SRV", "addresses"};

    buffer_printf(&world->asked, "%s%s %s", world->asked.len > 0 ? ", " : "", types[question->type],
                  question->name);
    world->question_count++;
}

static inline void world_note_candidate(struct world *world, const struct sip_candidate *candidate)
{
    bool is_ipv6 = candidate->ip.family == 6;

    buffer_add(&world->found, sip_transports[candidate->transport].name);
    buffer_add_text(&world->found, is_ipv6 ? " [" : " ");
    sip_ip_write(&candidate->ip, &world->found);
    buffer_printf(&world->found, "%s:%u", is_ipv6 ? "]" : "", candidate->port);
    if (candidate->host.len > 0)
        buffer_printf(&world->found, " %.*s", SLICE_ARGS(candidate->host));
    buffer_add_text(&world->found, ", ");
}

/* The answers to a batch of questions come in the opposite order: it must not matter. */
static inline void world_answer_all(struct world *world, struct sip_locate *l)
{
    struct sip_question questions[SIP_LOCATE_MAX_SERVICES + 2];
    size_t count = 0;

    while (sip_locate_question(l, &questions[count])) {
        world_note_question(world, &questions[count++]);
        assert_true(count < ARRAY_LEN(questions));
    }
    assert_true(count > 0); /* else it would wait for ever */
    while (count > 0)
        world_answer(world, l, &questions[--count]);
}

static inline enum sip_locate_result world_next(struct world *world, struct sip_locate *l,
                                                struct sip_candidate *out)
{
    enum sip_locate_result result;

    while ((result = sip_locate_next(l, world->dead, world->now_ms, out)) == SIP_LOCATE_WAIT)
        world_answer_all(world, l);
    return result;
}

/* Every candidate fails. */
static inline struct slice world_walk(struct world *world, struct sip_locate *l)
{
    static const char *const ends[] = {
        [SIP_LOCATE_NO_MORE] = "no more",
        [SIP_LOCATE_LATER] = "later",
        [SIP_LOCATE_CANNOT] = "cannot",
    };
    enum sip_locate_result result;
    struct sip_candidate candidate;

    while ((result = world_next(world, l, &candidate)) == SIP_LOCATED)
        world_note_candidate(world, &candidate);
    buffer_add_text(&world->found, ends[result]);
    assert_false(world->found.overflowed);
    return buffer_slice(&world->found);
}

static inline void world_start(struct world *world, struct sip_locate *l, const char *uri_text,
                               const struct sip_locate_client *client)
{
    struct sip_uri uri;

    memset(l, 0xa5, sizeof(*l)); /* whatever was there before must not matter */
    assert_true(sip_uri_parse(slice_of(uri_text), &uri));
    sip_locate_start(l, &uri, client, world->random);
}

/* From the URI to the end: everything that may be tried, in its order. */
static inline struct slice world_locate(struct world *world, const char *uri,
                                        const struct sip_locate_client *client)
{
    struct sip_locate l;

    world_start(world, &l, uri, client);
    return world_walk(world, &l);
}

#endif
