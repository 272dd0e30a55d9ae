/*
 * The torture messages of RFC 4475 and RFC 5118, each with what a proxy or registrar tells its
 * sender before it looks where the message wants to go. What it tells later (416, 420, 483 ...)
 * belongs to the tests of the server.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "sip/address.h"
#include "sip/message.h"
#include "sip/uri.h"
#include "sip/values.h"

struct verdict {
    const char *name;
    const char *phrase; /* NULL: it is sound */
    uint16_t status;
};

static const struct verdict rfc4475[] = {
    {"badaspec",   "Malformed To",             400},
    {"badbranch",  NULL,                       0  }, /* RFC 2543 matching */
    {"baddate",    NULL,                       0  }, /* nobody here depends on Date */
    {"baddn",      "Missing Empty Line",       400},
    {"badinv01",   "Malformed Via",            400},
    {"badvers",    "Version Not Supported",    505},
    {"bcast",      NULL,                       0  },
    {"bext01",     NULL,                       0  },
    {"bigcode",    "Malformed Status Line",    400},
    {"clerr",      "Content-Length Too Large", 400},
    {"cparam01",   NULL,                       0  },
    {"cparam02",   NULL,                       0  },
    {"dblreq",     NULL,                       0  },
    {"esc01",      NULL,                       0  },
    {"esc02",      NULL,                       0  },
    {"escnull",    NULL,                       0  },
    {"escruri",    NULL,                       0  }, /* the Request-URI has headers: for who routes by it */
    {"insuf",      "Missing From",             400},
    {"intmeth",    NULL,                       0  },
    {"inv2543",    NULL,                       0  },
    {"invut",      NULL,                       0  },
    {"longreq",    NULL,                       0  },
    {"ltgtruri",   "Malformed Request-URI",    400},
    {"lwsdisp",    NULL,                       0  },
    {"lwsruri",    "Malformed Request-URI",    400},
    {"lwsstart",   "Malformed Request-URI",    400},
    {"mcl01",      "Multiple Content-Length",  400},
    {"mismatch01", "CSeq Method Mismatch",     400},
    {"mismatch02", "CSeq Method Mismatch",     400},
    {"mpart01",    NULL,                       0  },
    {"multi01",    "Multiple Max-Forwards",    400},
    {"ncl",        "Malformed Content-Length", 400},
    {"noreason",   NULL,                       0  },
    {"novelsc",    NULL,                       0  },
    {"quotbal",    "Malformed To",             400},
    {"regaut01",   NULL,                       0  },
    {"regbadct",   "Malformed Contact",        400},
    {"regescrt",   NULL,                       0  },
    {"scalar02",   "Malformed CSeq",           400},
    {"scalarlg",   "Malformed CSeq",           400},
    {"sdp01",      NULL,                       0  },
    {"semiuri",    NULL,                       0  },
    {"transports", NULL,                       0  },
    {"trws",       "Malformed Request Line",   400},
    {"unkscm",     NULL,                       0  },
    {"unksm2",     NULL,                       0  },
    {"unreason",   NULL,                       0  },
    {"wsinv",      NULL,                       0  },
    {"zeromf",     NULL,                       0  },
};

static const struct verdict rfc5118[] = {
    {"ipv4-mapped-ipv6",              NULL, 0},
    {"ipv6-bad",                      NULL, 0}, /* the Request-URI is malformed: for who routes by it */
    {"ipv6-bug-abnf-3-colons",        NULL, 0},
    {"ipv6-correct-abnf-2-colons",    NULL, 0},
    {"ipv6-good",                     NULL, 0},
    {"ipv6-in-sdp",                   NULL, 0},
    {"mult-ip-in-header",             NULL, 0},
    {"mult-ip-in-sdp",                NULL, 0},
    {"port-ambiguous",                NULL, 0},
    {"port-unambiguous",              NULL, 0},
    {"via-received-param-no-delim",   NULL, 0},
    {"via-received-param-with-delim", NULL, 0},
};

static struct slice read_message(const char *folder, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "messages/%s/%s.sip", folder, name);
    return check_read_file(path);
}

/* As it stands in memory; false with a fault: it did not parse, or not pass the check. */
static bool judge(const char *folder, const char *name, struct sip_message **out,
                  struct sip_fault *fault)
{
    struct slice bytes = read_message(folder, name);

    *out = malloc(sizeof(**out));
    CHECK_MADE(*out);
    check_later(free, *out);
    return sip_message_parse(bytes, *out, fault) && sip_message_check(*out, fault);
}

static struct sip_message *sound(const char *folder, const char *name)
{
    struct sip_message *msg;
    struct sip_fault fault;

    assert_true(judge(folder, name, &msg, &fault));
    return msg;
}

static void check_verdicts(const char *folder, const struct verdict *verdicts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sip_message *msg;
        struct sip_fault fault = {0, ""};
        bool is_sound = judge(folder, verdicts[i].name, &msg, &fault);
        CHECK_CASE(is_sound == (verdicts[i].phrase == NULL), verdicts[i].name);
        CHECK_CASE(fault.status == verdicts[i].status, verdicts[i].name);
        if (!is_sound) {
            CHECK_CASE(strcmp(fault.phrase, verdicts[i].phrase) == 0, verdicts[i].name);
            CHECK_CASE(sip_message_is_answerable(msg) == msg->is_request, verdicts[i].name);
        }
    }
}

static void all_of_rfc_4475_are_judged_as_a_proxy_should(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(rfc4475), 49);
    check_verdicts("rfc4475", rfc4475, ARRAY_LEN(rfc4475));
}

static void all_of_rfc_5118_are_judged_as_a_proxy_should(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(rfc5118), 12);
    check_verdicts("rfc5118", rfc5118, ARRAY_LEN(rfc5118));
}

/* --- what their notes say of single fields --- */

static struct slice nth_value(const struct sip_message *msg, enum sip_header_id id, int n)
{
    struct sip_values values = sip_values_of(msg, id);
    struct slice value = SLICE("");

    while (n-- >= 0)
        assert_true(sip_values_next(&values, &value));
    return value;
}

static int count_values(const struct sip_message *msg, enum sip_header_id id)
{
    struct sip_values values = sip_values_of(msg, id);
    struct slice value;
    int count = 0;

    while (sip_values_next(&values, &value))
        count++;
    return count;
}

static struct sip_via nth_via(const struct sip_message *msg, int n)
{
    struct sip_via via;

    assert_true(sip_via_parse(nth_value(msg, SIP_VIA, n), &via));
    return via;
}

static struct sip_contact nth_contact(const struct sip_message *msg, int n)
{
    struct sip_contact contact;

    assert_true(sip_contact_parse(nth_value(msg, SIP_CONTACT, n), &contact));
    return contact;
}

static struct sip_address address_of(const struct sip_message *msg, enum sip_header_id id)
{
    struct sip_address address;

    assert_true(sip_address_parse(sip_message_value(msg, id), &address));
    return address;
}

static struct sip_uri uri_of(struct slice text)
{
    struct sip_uri uri;

    assert_true(sip_uri_parse(text, &uri));
    return uri;
}

static void check_user(struct slice uri, const char *expected)
{
    char text[256];
    struct buffer user = buffer_over(text, sizeof(text));

    sip_uri_unescape(uri_of(uri).user, &user);
    CHECK_SLICE(buffer_slice(&user), expected);
}

static void wsinv_is_a_usual_invite_in_unusual_clothes(void **state)
{
    struct sip_message *msg = sound("rfc4475", "wsinv");
    struct sip_contact contact = nth_contact(msg, 0);
    char text[64];
    struct buffer name = buffer_over(text, sizeof(text));
    struct slice display = address_of(msg, SIP_FROM).display;

    (void)state;
    assert_int_equal(msg->basics.max_forwards, 68);
    assert_int_equal(msg->basics.cseq, 9);
    CHECK_SLICE(msg->basics.cseq_method, "INVITE");
    CHECK_SLICE(msg->basics.to_tag, "1918181833n");
    CHECK_SLICE(msg->basics.from_tag, "98asjd8");
    assert_int_equal(count_values(msg, SIP_VIA), 3);
    CHECK_SLICE(nth_via(msg, 0).host, "192.0.2.2");
    CHECK_SLICE(nth_via(msg, 0).branch, "390skdjuw");
    CHECK_SLICE(nth_via(msg, 1).host, "spindle.example.com");
    CHECK_SLICE(nth_via(msg, 1).transport, "TCP");
    CHECK_SLICE(nth_via(msg, 1).branch, "z9hG4bK9ikj8");
    CHECK_SLICE(nth_via(msg, 2).host, "192.168.255.111");
    CHECK_SLICE(nth_via(msg, 2).branch, "z9hG4bK30239");
    assert_int_equal(contact.q_thousandths, 330);
    assert_non_null(sip_message_header(msg, SIP_SUBJECT));
    assert_int_equal(sip_message_value(msg, SIP_SUBJECT).len, 0);
    sip_unquote((struct slice){display.ptr + 1, display.len - 2}, &name);
    CHECK_SLICE(buffer_slice(&name), "J Rosenberg \\\"");
    assert_int_equal(msg->body.len, 150);
    CHECK_SLICE(sip_message_named(msg, SLICE("UnknownHeaderWithUnusualValue"))->value, ";;,,;;,;");
}

static void intmeth_has_an_unknown_method_and_a_nul_in_quotes(void **state)
{
    struct sip_message *msg = sound("rfc4475", "intmeth");
    struct slice display = address_of(msg, SIP_FROM).display;

    (void)state;
    CHECK_SLICE(msg->method, "!interesting-Method0123456789_*+`.%indeed'~");
    assert_int_equal(msg->method_id, SIP_OTHER_METHOD);
    assert_non_null(
        memchr(address_of(msg, SIP_TO).display.ptr, '\0', address_of(msg, SIP_TO).display.len));
    assert_true(display.len > 0);
}

static void esc01_is_unescaped_once(void **state)
{
    struct sip_message *msg = sound("rfc4475", "esc01");
    struct sip_contact contact = nth_contact(msg, 0);
    struct sip_uri uri = uri_of(contact.address.uri);
    struct slice value;

    (void)state;
    check_user(msg->uri, "sips:user@example.com");
    CHECK_SLICE(uri_of(msg->uri).host, "example.net");
    check_user(address_of(msg, SIP_TO).uri, "user");
    check_user(address_of(msg, SIP_FROM).uri, "I have spaces");
    check_user(contact.address.uri, "caller");
    assert_true(sip_uri_param(&uri, SLICE("lr"), &value));
    assert_true(sip_uri_param(&uri, SLICE("name"), &value));

    char text[64];
    struct buffer unescaped = buffer_over(text, sizeof(text));
    sip_uri_unescape(value, &unescaped);
    CHECK_SLICE(buffer_slice(&unescaped), "value%41");
}

static void escnull_has_two_contacts_that_differ_behind_the_nul(void **state)
{
    struct sip_message *msg = sound("rfc4475", "escnull");
    struct sip_uri first = uri_of(nth_contact(msg, 0).address.uri);
    struct sip_uri second = uri_of(nth_contact(msg, 1).address.uri);

    (void)state;
    assert_int_equal(count_values(msg, SIP_CONTACT), 2);
    assert_false(sip_uri_equal(&first, &second));
    CHECK_SLICE(uri_of(address_of(msg, SIP_TO).uri).user, "null-%00-null");
}

static void esc02_has_percent_signs_that_escape_nothing(void **state)
{
    struct sip_message *msg = sound("rfc4475", "esc02");

    (void)state;
    CHECK_SLICE(msg->method, "RE%47IST%45R");
    assert_int_equal(msg->method_id, SIP_OTHER_METHOD);
    assert_int_equal(count_values(msg, SIP_CONTACT), 2);
    CHECK_SLICE(address_of(msg, SIP_TO).display, "\"%Z%45\"");
}

static void lwsdisp_has_no_space_before_its_bracket(void **state)
{
    (void)state;
    CHECK_SLICE(address_of(sound("rfc4475", "lwsdisp"), SIP_FROM).display, "caller");
}

static void longreq_has_34_vias(void **state)
{
    struct sip_message *msg = sound("rfc4475", "longreq");

    (void)state;
    assert_int_equal(count_values(msg, SIP_VIA), 34);
    for (int i = 0; i < 34; i++)
        (void)nth_via(msg, i);
}

static void dblreq_ends_with_its_first_message(void **state)
{
    struct sip_message *msg = sound("rfc4475", "dblreq");

    (void)state;
    assert_int_equal(msg->method_id, SIP_REGISTER);
    assert_int_equal(msg->body.len, 0);
    assert_int_equal(msg->bytes.len, msg->header_end + 2);
}

static void semiuri_has_its_semicolon_in_the_user(void **state)
{
    struct sip_message *msg = sound("rfc4475", "semiuri");

    (void)state;
    check_user(msg->uri, "user;par=u@example.net");
    CHECK_SLICE(uri_of(msg->uri).host, "example.com");
    assert_int_equal(uri_of(msg->uri).params.len, 0);
}

static void mpart01_has_its_whole_body(void **state)
{
    struct sip_message *msg = sound("rfc4475", "mpart01");

    (void)state;
    assert_int_equal(msg->body.len, 553);
    assert_non_null(memchr(msg->body.ptr, '\0', msg->body.len));
}

static void reason_phrases_may_be_unusual(void **state)
{
    (void)state;
    assert_int_equal(sound("rfc4475", "unreason")->status, 200);
    assert_true(sound("rfc4475", "unreason")->reason.len > 0);
    assert_int_equal(sound("rfc4475", "noreason")->status, 100);
    assert_int_equal(sound("rfc4475", "noreason")->reason.len, 0);
}

static void the_uri_that_is_malformed_is_left_to_who_routes(void **state)
{
    struct sip_uri uri;

    (void)state;
    assert_true(uri_of(sound("rfc4475", "escruri")->uri).headers.len > 0);
    assert_false(sip_uri_parse(sound("rfc5118", "ipv6-bad")->uri, &uri));
}

static void ipv6_addresses_are_read_in_all_their_forms(void **state)
{
    struct sip_message *ambiguous = sound("rfc5118", "port-ambiguous");
    struct sip_message *unambiguous = sound("rfc5118", "port-unambiguous");
    struct sip_message *several = sound("rfc5118", "mult-ip-in-header");

    (void)state;
    CHECK_SLICE(uri_of(ambiguous->uri).host, "2001:db8::10:5070");
    assert_int_equal(uri_of(ambiguous->uri).port, 0);
    CHECK_SLICE(uri_of(unambiguous->uri).host, "2001:db8::10");
    assert_int_equal(uri_of(unambiguous->uri).port, 5070);
    CHECK_SLICE(sound("rfc5118", "via-received-param-with-delim")->basics.via.received,
                "2001:db8::9:255");
    CHECK_SLICE(sound("rfc5118", "via-received-param-no-delim")->basics.via.received,
                "2001:db8::9:255");
    CHECK_SLICE(nth_via(several, 0).host, "2001:db8::9:1");
    assert_int_equal(nth_via(several, 0).port, 6050);
    CHECK_SLICE(nth_via(several, 1).host, "192.0.2.1");
    CHECK_SLICE(nth_via(several, 2).host, "2001:db8::9:255");
    CHECK_SLICE(nth_via(several, 2).received, "192.0.2.200");
}

static void three_colons_are_as_good_as_two(void **state)
{
    struct sip_uri three = uri_of(sound("rfc5118", "ipv6-bug-abnf-3-colons")->uri);
    struct sip_uri two = uri_of(sound("rfc5118", "ipv6-correct-abnf-2-colons")->uri);

    (void)state;
    assert_true(sip_uri_equal(&three, &two));
}

CHECK_MAIN(CHECK_TEST(all_of_rfc_4475_are_judged_as_a_proxy_should),
           CHECK_TEST(all_of_rfc_5118_are_judged_as_a_proxy_should),
           CHECK_TEST(wsinv_is_a_usual_invite_in_unusual_clothes),
           CHECK_TEST(intmeth_has_an_unknown_method_and_a_nul_in_quotes),
           CHECK_TEST(esc01_is_unescaped_once),
           CHECK_TEST(escnull_has_two_contacts_that_differ_behind_the_nul),
           CHECK_TEST(esc02_has_percent_signs_that_escape_nothing),
           CHECK_TEST(lwsdisp_has_no_space_before_its_bracket), CHECK_TEST(longreq_has_34_vias),
           CHECK_TEST(dblreq_ends_with_its_first_message),
           CHECK_TEST(semiuri_has_its_semicolon_in_the_user),
           CHECK_TEST(mpart01_has_its_whole_body), CHECK_TEST(reason_phrases_may_be_unusual),
           CHECK_TEST(the_uri_that_is_malformed_is_left_to_who_routes),
           CHECK_TEST(ipv6_addresses_are_read_in_all_their_forms),
           CHECK_TEST(three_colons_are_as_good_as_two))
