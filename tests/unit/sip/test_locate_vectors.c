/*
 * The zone of RFC 3263 and what is to come of it, as the corpora have them (TCHIN_CORPORA). The
 * addresses are ours: the zone has none.
 */
#include "locate_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_PATH = 1024, MAX_FILE = 1 << 16 };

static const char addresses[] = "server1.example.com. A 192.0.2.1\n"
                                "server2.example.com. A 192.0.2.2\n"
                                "example.com. A 192.0.2.9\n";

static bool read_vectors(char *memory, struct slice *out)
{
    const char *corpora = getenv("TCHIN_CORPORA");
    char path[MAX_PATH];

    if (corpora != NULL)
        (void)snprintf(path, sizeof(path), "%s/vectors/dns-rfc3263.json", corpora);
    else
        (void)snprintf(path, sizeof(path), "%s/../../shared/corpora/vectors/dns-rfc3263.json",
                       TESTS_DIR);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("skipped: there is no %s (see TCHIN_CORPORA)\n", path);
        return false;
    }
    *out = (struct slice){memory, fread(memory, 1, MAX_FILE, file)};
    fclose(file);
    return true;
}

/* What follows `key`, up to `end`; `json` is moved behind it. */
static struct slice cut(struct slice *json, const char *key, const char *end)
{
    const char *from = memmem(json->ptr, json->len, key, strlen(key));

    assert_non_null(from);
    struct slice rest = slice_between(from + strlen(key), slice_end(*json));
    const char *to = memmem(rest.ptr, rest.len, end, strlen(end));
    assert_non_null(to);
    *json = slice_between(to + strlen(end), slice_end(rest));
    return slice_between(rest.ptr, to);
}

/* "a \"quoted\" line",  ->  a "quoted" line */
static void write_zone(struct slice lines, struct buffer *out)
{
    bool is_inside = false;

    for (size_t i = 0; i < lines.len; i++) {
        char c = lines.ptr[i];
        if (c == '\\')
            buffer_add_char(out, lines.ptr[++i]);
        else if (c == '"' && (is_inside = !is_inside) == false)
            buffer_add_char(out, '\n');
        else if (c != '"' && is_inside)
            buffer_add_char(out, c);
    }
    buffer_add_text(out, addresses);
    buffer_add_char(out, '\0');
    assert_false(out->overflowed);
}

static bool has(struct slice text, const char *word)
{
    return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* "TLS over TCP", "TCP", "UDP"; where nothing is said, all of them */
static struct sip_locate_client client_of(struct slice one_case)
{
    if (has(one_case, "\"TLS over TCP\"") || !has(one_case, "client_supports"))
        return world_client("UDP TCP TLS");
    assert_true(has(one_case, "\"TCP\"") && has(one_case, "\"UDP\""));
    return world_client("UDP TCP");
}

/* The expectations are prose, and are written out here as what they mean. */
struct meaning {
    const char *expect; /* how the prose begins */
    const char *asked;
    const char *found;
};

static const struct meaning meanings[] = {
    {"NAPTR SIPS+D2T is preferred: transport TLS",
     "NAPTR example.com, SRV _sips._tcp.example.com, addresses example.com", "TLS 192.0.2.9:5061 example.com, no more"                                                },
    {"NAPTR SIP+D2T: query SRV _sip._tcp.example.com; targets server1 and server2",
     "NAPTR example.com, SRV _sip._tcp.example.com, addresses server2.example.com, "
     "addresses server1.example.com",                                        "TCP 192.0.2.2:5060 server2.example.com, TCP 192.0.2.1:5060 server1.example.com, no more"},
    {"only the SIPS+D2T record may be used",
     "NAPTR example.com, SRV _sips._tcp.example.com, addresses example.com", "TLS 192.0.2.9:5061 example.com, no more"                                                },
};

static void check_case_of(struct slice one_case, const char *zone, const struct meaning *meaning)
{
    struct sip_locate_client client = client_of(one_case);
    struct slice rest = one_case;
    struct slice text = cut(&rest, "\"uri\": \"", "\"");
    char uri[128];

    (void)snprintf(uri, sizeof(uri), "%.*s", SLICE_ARGS(text));
    CHECK_CASE(slice_starts_with(cut(&rest, "\"expect\": \"", "\""), slice_of(meaning->expect)),
               meaning->expect);
    struct world *world = world_of(zone);
    world->random = 2; /* draws server2, which has two chances of three */
    CHECK_SLICE(world_locate(world, uri, &client), meaning->found);
    CHECK_SLICE(buffer_slice(&world->asked), meaning->asked);
}

static void the_zone_of_rfc_3263_leads_where_it_says(void **state)
{
    static char memory[MAX_FILE], zone[MAX_FILE];
    struct buffer text = buffer_over(zone, sizeof(zone));
    struct slice json;

    (void)state;
    if (!read_vectors(memory, &json))
        skip();
    write_zone(cut(&json, "\"zone\": [", "],"), &text);
    struct slice cases = cut(&json, "\"cases\": [", "\"rules\":");
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
        check_case_of(cut(&cases, "{", "}"), zone, &meanings[i]);
    assert_false(has(cases, "{"));
}

CHECK_MAIN(CHECK_TEST(the_zone_of_rfc_3263_leads_where_it_says))
