/*
 * Finding servers, where DNS says anything at all, in any order and again: the search ends, within
 * its ceilings, and what it yields is what the client can use.
 */
#include <assert.h>

#include "sip/locate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum {
    MAX_PENDING = 64,
    MAX_QUESTIONS = 2 + SIP_LOCATE_MAX_SERVICES + SIP_LOCATE_MAX_TARGETS,
};

static uint8_t next_byte(struct slice *input)
{
    uint8_t byte = input->len > 0 ? (uint8_t)input->ptr[0] : 0;

    *input = slice_after(*input, 1);
    return byte;
}

/* A name of a few, or the bytes themselves. */
static struct slice next_name(struct slice *input)
{
    static const char *const names[] = {
        ".", "", "example.com", "_sip._udp.example.com", "a.example.com", "b.example.com"};
    size_t choice = next_byte(input);

    if (choice < ARRAY_LEN(names))
        return slice_of(names[choice]);
    struct slice name = {input->ptr, choice < input->len ? choice : input->len};
    *input = slice_after(*input, name.len);
    return name;
}

static void add_record(struct sip_locate *l, struct slice *input)
{
    const struct sip_naptr naptr = {
        next_byte(input) % 4, next_byte(input) % 4,
        SLICE("s"),           sip_transports[next_byte(input) % SIP_TRANSPORT_COUNT].service,
        SLICE_NONE,           next_name(input),
    };
    const struct sip_srv srv = {next_byte(input) % 4, next_byte(input), next_byte(input) % 4,
                                next_name(input)};
    struct sip_ip ip = {.family = next_byte(input) % 2 ? 4 : 6};

    ip.bytes[0] = next_byte(input);
    ip.bytes[3] = next_byte(input) % 4;
    sip_locate_add_naptr(l, &naptr);
    sip_locate_add_srv(l, next_byte(input) % 10, &srv);
    sip_locate_add_address(l, &ip);
}

static void check_candidate(const struct sip_candidate *candidates, size_t count,
                            const struct sip_locate_client *client, bool is_sips)
{
    const struct sip_candidate *last = &candidates[count - 1];
    bool is_spoken = false;

    for (size_t i = 0; i < client->transport_count; i++)
        is_spoken = is_spoken || client->transports[i] == last->transport;
    assert(is_spoken && last->port != 0 && sip_ip_is_one_host(&last->ip));
    assert(last->ip.family == 4 ? client->has_ipv4 : client->has_ipv6);
    assert(!is_sips || sip_transports[last->transport].is_secure);
    for (size_t i = 0; i + 1 < count; i++)
        assert(!sip_candidate_same_place(&candidates[i], last));
}

static void search(struct sip_locate *l, const struct sip_locate_client *client, bool is_sips,
                   struct slice input)
{
    struct sip_candidate candidates[SIP_LOCATE_MAX_CANDIDATES + 1];
    struct sip_question questions[MAX_PENDING];
    struct sip_dead_targets dead;
    enum sip_locate_result result;
    size_t found = 0, asked = 0, open = 0;

    sip_dead_init(&dead, 10, 100);
    for (;;) {
        result = sip_locate_next(l, &dead, next_byte(&input), &candidates[found]);
        if (result == SIP_LOCATED) {
            check_candidate(candidates, ++found, client, is_sips);
            assert(found <= SIP_LOCATE_MAX_CANDIDATES);
            sip_dead_add(&dead, &candidates[found - 1], next_byte(&input));
            continue;
        }
        if (result != SIP_LOCATE_WAIT)
            return;
        while (sip_locate_question(l, &questions[open])) {
            open++;
            assert(++asked <= MAX_QUESTIONS);
        }
        assert(open > 0);
        for (size_t records = next_byte(&input) % 40; records > 0 && input.len > 0; records--)
            add_record(l, &input);
        size_t which = next_byte(&input) % open; /* some other one may be answered first */
        sip_locate_answered(l, &questions[which], next_byte(&input) % 3);
        questions[which] = questions[--open];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static const char *const uris[] = {
        "sip:example.com",      "sips:example.com",     "sip:example.com;transport=tcp",
        "sip:example.com:5070", "sip:192.0.2.1",        "sips:example.com;transport=ws",
        "sip:[2001:db8::1]",    "sip:x;maddr=[ff02::1]"};
    struct slice input = {(const char *)bytes, count};
    const char *text = uris[next_byte(&input) % ARRAY_LEN(uris)];
    uint8_t mask = next_byte(&input);
    struct sip_locate_client client = {.has_ipv4 = mask & 64, .has_ipv6 = mask & 128};
    struct sip_locate l;
    struct sip_uri uri;

    for (int i = 0; i < SIP_TRANSPORT_COUNT; i++) {
        if (mask & 1 << i)
            client.transports[client.transport_count++] = (enum sip_transport)i;
    }
    bool is_uri = sip_uri_parse(slice_of(text), &uri);
    assert(is_uri);
    sip_locate_start(&l, &uri, &client, mask);
    search(&l, &client, uri.scheme == SIP_SCHEME_SIPS, input);
    return 0;
}
