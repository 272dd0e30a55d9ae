/* Reading at a glance: the usual is read so, and all else comes to the same by the grammar. */
#include "check.h"

#include <stdlib.h>

#include "glance_twin.h"
#include "sip/glance.h"

static const char *const uris[] = {
    "sip:b",
    "sip:example.org",
    "sip:carol@seattle.example.net",
    "sip:1001@198.51.100.23:5062;transport=udp;ob",
    "sip:edge1.seattle.example.net;lr",
    "sip:a-very-long.name-of-a-user@a-very-long-name-of.a-host.in-a-very-long.domain.example:65535",
};

static const char *const addresses[] = {
    "<sip:b>;tag=1",
    "<sip:carol@seattle.example.net>;tag=7719040",
    "<sip:erin@198.51.100.23:41822>;expires=60;q=0.5",
    "\"Carol, \\\"C\\\"\" <sip:carol@198.51.100.23:5062;transport=udp>;+sip.instance=\"<urn:x>\"",
    "Carol B. Danvers <sip:carol@seattle.example.net>;tag=a6c85cf-7719040;lr",
};

static const char *const vias[] = {
    "SIP/2.0/UDP 198.51.100.23:5062;branch=z9hG4bK-5243-1-0;rport=5062",
    "SIP/2.0/TCP core.denver.example.net;branch=z9hG4bKa871.77be01;received=203.0.113.61",
    "SIP/2.0/TLS-SCTP edge.example.net;rport;ttl=3;maddr=224.2.0.1;branch=z9hG4bK9a3e1c7700000121",
};

static void what_phones_usually_send_is_read_at_a_glance(void **state)
{
    struct sip_uri uri;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
        struct glance g = glance_at(slice_of(uris[i]));
        CHECK_CASE(take_uri(&g, &uri) && glance_is_over(&g), uris[i]);
        CHECK_CASE(agree_on_uri(slice_of(uris[i])), uris[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
        CHECK_CASE(agree_on_address(slice_of(addresses[i])), addresses[i]);
    for (size_t i = 0; i < ARRAY_LEN(vias); i++)
        CHECK_CASE(agree_on_via(slice_of(vias[i])), vias[i]);
}

static void what_is_unusual_is_left_to_the_grammar(void **state)
{
    static const char *const cases[] = {
        "sip:+1201@example.org",          "sip:carol:secret@example.org",
        "sip:c%61rol@example.org",        "sips:carol@example.org",
        "sip:carol@example.org?a=b",      "sip:carol@[2001:db8::9]",
        "sip:carol@example.org.",         "sip:carol@example..org",
        "sip:carol@example.-org",         "sip:carol@-example.org",
        "sip:carol@example.org-",         "sip:carol@exam_ple.org",
        "sip:carol@example.org:0",        "sip:carol@example.org:65536",
        "sip:carol@example.org:",         "sip:carol@example.org;",
        "sip:carol@example.org;a=",       "sip:carol@example.org;a;;b",
        "sip:carol@example.org;a=%20",    "sip:carol@example.org;a=\"b\"",
        "sip:@seattle.example.net",       "tel:1234567890123456789",
        "sip:carol@seattle.example.net@", "sip:edge1.xn--seattle.example;lr"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_uri uri;
        struct glance g = glance_at(slice_of(cases[i]));
        CHECK_CASE(!take_uri(&g, &uri) || !glance_is_over(&g), cases[i]);
        CHECK_CASE(agree_on_uri(slice_of(cases[i])), cases[i]);
    }
}

/* Of all sizes of a look: in memory that ends where the text does. */
static void a_run_of_any_length_ends_where_it_ends(void **state)
{
    (void)state;
    for (size_t len = 1; len < 200; len++) {
        char *text = malloc(len);
        CHECK_MADE(text);
        for (size_t mark = 0; mark < len; mark++) {
            struct slice run = SLICE_NONE;
            memset(text, 'a', len);
            text[mark] = ';';
            struct glance g = glance_at((struct slice){text, len});
            bool is_seen = take_plain(&g, &run);
            assert_true(is_seen == (mark > 0 && mark < 64));
            assert_true(!is_seen || (run.ptr == text && run.len == mark));
            assert_true(take_mark(&g, ';') == (mark < 64));
            is_seen = take_plain(&g, &run);
            size_t rest = len - mark - 1;
            if (mark < 64 && rest < 64)
                assert_true(is_seen == (rest > 0) && (rest == 0 || run.len == rest));
        }
        free(text);
    }
}

typedef bool agree_function(struct slice text);

/* Each byte in turn is left out, doubled, and replaced by others. */
static void check_all_near(agree_function *agree, const char *text)
{
    static const char bytes[] = ";:@<>=\"\\ ,\t\r\n.-_+%[]/?&'a0\x80\xff";
    size_t len = strlen(text);
    char near[256];

    for (size_t at = 0; at < len; at++) {
        memcpy(near, text, at);
        memcpy(near + at, text + at + 1, len - at - 1);
        CHECK_CASE(agree((struct slice){near, len - 1}), text);
        memcpy(near + at, text + at, len - at);
        memcpy(near + at + 1, text + at, len - at);
        CHECK_CASE(agree((struct slice){near, len + 1}), text);
        CHECK_CASE(agree((struct slice){near, at}), text);
        memcpy(near, text, len);
        for (size_t i = 0; i < sizeof(bytes); i++) { /* the NUL, too */
            near[at] = bytes[i];
            CHECK_CASE(agree((struct slice){near, len}), text);
        }
    }
}

static void whatever_is_near_the_usual_comes_to_what_the_grammar_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(uris); i++)
        check_all_near(agree_on_uri, uris[i]);
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
        check_all_near(agree_on_address, addresses[i]);
    for (size_t i = 0; i < ARRAY_LEN(vias); i++)
        check_all_near(agree_on_via, vias[i]);
}

CHECK_MAIN(CHECK_TEST(what_phones_usually_send_is_read_at_a_glance),
           CHECK_TEST(what_is_unusual_is_left_to_the_grammar),
           CHECK_TEST(a_run_of_any_length_ends_where_it_ends),
           CHECK_TEST(whatever_is_near_the_usual_comes_to_what_the_grammar_says))
