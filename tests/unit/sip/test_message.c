/* Whole messages: what is found in them, and what their senders are told. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "sip/message.h"

#define REQUEST "OPTIONS sip:bob@example.com SIP/2.0\r\n"
#define VIA     "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"
#define FROM    "From: <sip:alice@example.com>;tag=1\r\n"
#define TO      "To: <sip:bob@example.com>\r\n"
#define CALL_ID "Call-ID: c@a\r\n"
#define CSEQ    "CSeq: 1 OPTIONS\r\n"
#define BASICS  VIA FROM TO CALL_ID CSEQ
#define END     "\r\n"

/* In memory that ends where the text does, so that the sanitizer sees who reads on. */
static struct slice exactly(struct slice text)
{
    char *copy = malloc(text.len + 1);

    CHECK_MADE(copy);
    check_later(free, copy);
    memcpy(copy + 1, text.ptr, text.len);
    return (struct slice){copy + 1, text.len};
}

static struct sip_message *new_message(void)
{
    struct sip_message *msg = malloc(sizeof(*msg));

    CHECK_MADE(msg);
    check_later(free, msg);
    return msg;
}

static struct sip_message *parsed(struct slice text)
{
    struct sip_message *msg = new_message();
    struct sip_fault fault;

    assert_true(sip_message_parse(exactly(text), msg, &fault));
    return msg;
}

static void a_request_has_a_method_a_uri_fields_and_a_body(void **state)
{
    struct sip_message *msg =
        parsed(SLICE(REQUEST VIA "Subject :  a \t\r\nX-Y:z\r\nl: 3\r\n\r\nabcdef"));

    (void)state;
    assert_true(msg->is_request);
    CHECK_SLICE(msg->method, "OPTIONS");
    assert_int_equal(msg->method_id, SIP_OPTIONS);
    CHECK_SLICE(msg->uri, "sip:bob@example.com");
    assert_int_equal(msg->header_count, 4);
    CHECK_SLICE(msg->headers[1].name, "Subject");
    CHECK_SLICE(sip_message_value(msg, SIP_SUBJECT), "a");
    assert_null(sip_message_value(msg, SIP_ROUTE).ptr);
    CHECK_SLICE(msg->body, "abc");
    assert_int_equal(msg->bytes.ptr[msg->header_end], '\r');
    assert_ptr_equal(slice_end(msg->bytes), slice_end(msg->body));
    assert_ptr_equal(msg->body.ptr, msg->bytes.ptr + msg->header_end + 2);
}

static void a_response_has_a_status_and_a_reason(void **state)
{
    struct sip_message *msg = parsed(SLICE("sip/2.0 180 Ring \xc3\xa4 ing\r\n" VIA END));

    (void)state;
    assert_false(msg->is_request);
    assert_int_equal(msg->status, 180);
    CHECK_SLICE(msg->reason, "Ring \xc3\xa4 ing");
    assert_int_equal(parsed(SLICE("SIP/2.0 100 \r\n" VIA END))->status, 100);
    assert_int_equal(parsed(SLICE("SIP/2.0 100\r\n" VIA END))->reason.len, 0);
}

static void without_content_length_the_body_goes_on_to_the_end(void **state)
{
    (void)state;
    CHECK_SLICE(parsed(SLICE(REQUEST VIA "\r\n\r\n v=0"))->body, "\r\n v=0");
    CHECK_SLICE(parsed(SLICE(REQUEST VIA "\r\n"))->body, "");
}

static void line_ends_before_the_start_line_are_no_part_of_it(void **state)
{
    struct sip_message *msg = parsed(SLICE("\r\n\r\n" REQUEST VIA END));

    (void)state;
    CHECK_SLICE(msg->bytes, REQUEST VIA END);
}

static void bare_line_feeds_end_lines_too(void **state)
{
    struct sip_message *msg = parsed(SLICE("OPTIONS sip:b SIP/2.0\nTo: x\n y\nl:1\n\nabc"));

    (void)state;
    CHECK_SLICE(msg->uri, "sip:b");
    CHECK_SLICE(sip_message_value(msg, SIP_TO), "x\n y");
    CHECK_SLICE(msg->body, "a");
}

static void a_line_that_begins_with_space_belongs_to_the_one_before(void **state)
{
    struct sip_message *msg =
        parsed(SLICE(REQUEST "Subject:\r\n\ta\r\n b \r\n  \r\nTo: c\r\n\r\n d"));

    (void)state;
    CHECK_SLICE(sip_message_value(msg, SIP_SUBJECT), "a\r\n b");
    CHECK_SLICE(sip_message_value(msg, SIP_TO), "c");
    CHECK_SLICE(msg->body, " d");
}

static void nuls_end_nothing(void **state)
{
    struct sip_message *msg = parsed(SLICE(REQUEST "Subject: a\0b\r\nTo: c\r\nl: 3\r\n\r\n\0\0\0"));

    (void)state;
    assert_int_equal(sip_message_value(msg, SIP_SUBJECT).len, 3);
    CHECK_SLICE(sip_message_value(msg, SIP_TO), "c");
    assert_int_equal(msg->body.len, 3);
}

static void what_is_wrong_with_a_message_is_said_in_one_phrase(void **state)
{
    const struct {
        struct slice text;
        uint16_t status;
        const char *phrase;
        bool answerable;
    } cases[] = {
        {SLICE(""),                                                 400, "Missing Start Line",       false},
        {SLICE("\r\n\r\n"),                                         400, "Missing Start Line",       false},
        {SLICE("OPTIONS sip:b SIP/2.0"),                            400, "Missing Start Line",       false},
        {SLICE("OPTIONS\r\n" BASICS END),                           400, "Malformed Request Line",   true },
        {SLICE("OPTIONS \r\n" BASICS END),                          400, "Malformed Request Line",   true },
        {SLICE("OPTIONS sip:b\r\n" BASICS END),                     400, "Malformed Request Line",   true },
        {SLICE(" OPTIONS sip:b SIP/2.0\r\n" BASICS END),            400, "Malformed Request Line",   true },
        {SLICE("OPT(ONS sip:b SIP/2.0\r\n" BASICS END),             400, "Malformed Request Line",   true },
        {SLICE("OPTIONS sip:b SIP/2.0 \r\n" BASICS END),            400, "Malformed Request Line",   true },
        {SLICE("OPTIONS sip:b SIP/2\r\n" BASICS END),               400, "Malformed Request Line",   true },
        {SLICE("OPTIONS sip:b SIP/2.0x\r\n" BASICS END),            400, "Malformed Request Line",   true },
        {SLICE("OPTIONS SIP/2.0\r\n" BASICS END),                   400, "Malformed Request Line",   true },
        {SLICE("OPTIONS  SIP/2.0\r\n" BASICS END),                  400, "Malformed Request-URI",    true },
        {SLICE("OPTIONS sip:b c SIP/2.0\r\n" BASICS END),           400, "Malformed Request-URI",    true },
        {SLICE("OPTIONS <sip:b> SIP/2.0\r\n" BASICS END),           400, "Malformed Request-URI",    true },
        {SLICE("OPTIONS sip:\tb SIP/2.0\r\n" BASICS END),           400, "Malformed Request-URI",    true },
        {SLICE("OPTIONS sip:\0b SIP/2.0\r\n" BASICS END),           400, "Malformed Request-URI",    true },
        {SLICE("OPTIONS sip:b SIP/3.0\r\n" BASICS END),             505, "Version Not Supported",    true },
        {SLICE("ACK sip:b SIP/3.0\r\n" BASICS END),                 505, "Version Not Supported",    false},
        {SLICE("SIP/2.0 99 x\r\n" BASICS END),                      400, "Malformed Status Line",    false},
        {SLICE("SIP/2.0 700 x\r\n" BASICS END),                     400, "Malformed Status Line",    false},
        {SLICE("SIP/2.0 0200 x\r\n" BASICS END),                    400, "Malformed Status Line",    false},
        {SLICE("SIP/2.0 200x\r\n" BASICS END),                      400, "Malformed Status Line",    false},
        {SLICE("SIP/1.0 200 x\r\n" BASICS END),                     505, "Version Not Supported",    false},
        {SLICE(REQUEST BASICS),                                     400, "Missing Empty Line",       true },
        {SLICE(REQUEST BASICS "Subject: x"),                        400, "Missing Empty Line",       true },
        {SLICE(REQUEST BASICS "l: \r\n\r\n"),                       400, "Malformed Content-Length", true },
        {SLICE(REQUEST BASICS "l: -1\r\n\r\n"),                     400, "Malformed Content-Length", true },
        {SLICE(REQUEST BASICS "l: 1, 1\r\n\r\nx"),                  400, "Malformed Content-Length", true },
        {SLICE(REQUEST BASICS "l: 1\r\nl: 2\r\n\r\nxx"),            400, "Multiple Content-Length",  true },
        {SLICE(REQUEST BASICS "l: 3\r\n\r\nxx"),                    400, "Content-Length Too Large", true },
        {SLICE(REQUEST BASICS "l: 4294967296\r\n\r\nx"),            400, "Content-Length Too Large", true },
        {SLICE(REQUEST BASICS "l: 9999999999999999999999\r\n\r\n"), 400, "Malformed Content-Length",
         true                                                                                             },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_message *msg = new_message();
        struct sip_fault fault = {0, ""};
        CHECK_CASE(!sip_message_parse(exactly(cases[i].text), msg, &fault), cases[i].text.ptr);
        CHECK_CASE(fault.status == cases[i].status, cases[i].text.ptr);
        CHECK_CASE(strcmp(fault.phrase, cases[i].phrase) == 0, cases[i].text.ptr);
        CHECK_CASE(sip_message_is_answerable(msg) == cases[i].answerable, cases[i].text.ptr);
    }
}

/* RFC 3261 16.3 step 1: what nobody needs is left alone, and seen by nobody under any name. */
static void a_line_that_is_no_header_field_is_a_field_without_a_name(void **state)
{
    static const char *const lines[] = {"no colon", ": no name", "a b: c",
                                        "a\r: c",   "Subject x", "Call-ID; x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct sip_message *msg = new_message();
        struct sip_fault fault;
        char text[512];
        int len = snprintf(text, sizeof(text), REQUEST "%s\r\n" BASICS END, lines[i]);
        CHECK_CASE(sip_message_parse((struct slice){text, (size_t)len}, msg, &fault), lines[i]);
        CHECK_CASE(sip_message_check(msg, &fault), lines[i]);
        CHECK_CASE(msg->headers[0].id == SIP_UNKNOWN_HEADER, lines[i]);
        CHECK_CASE(msg->headers[0].name.len == 0, lines[i]);
        CHECK_CASE(slice_equal(msg->headers[0].value, slice_of(lines[i])), lines[i]);
        CHECK_CASE(sip_message_header(msg, SIP_SUBJECT) == NULL, lines[i]);
    }
}

static void more_header_fields_than_there_is_room_for_are_a_fault(void **state)
{
    enum { LINE_LEN = 5 };
    static char text[sizeof(REQUEST) + LINE_LEN * (SIP_MAX_HEADERS + 1) + 2];
    struct sip_message *msg = new_message();
    struct sip_fault fault;

    (void)state;
    for (size_t count = SIP_MAX_HEADERS; count <= SIP_MAX_HEADERS + 1; count++) {
        size_t len = sizeof(REQUEST) - 1;
        memcpy(text, REQUEST, len);
        for (size_t i = 0; i < count; i++, len += LINE_LEN)
            memcpy(text + len, "a:b\r\n", LINE_LEN);
        memcpy(text + len, "\r\n", 2);
        bool ok = sip_message_parse(exactly((struct slice){text, len + 2}), msg, &fault);
        assert_int_equal(ok, count == SIP_MAX_HEADERS);
        assert_int_equal(msg->header_count, SIP_MAX_HEADERS);
    }
    assert_int_equal(fault.status, 513);
}

static void check_fills_the_basics(void **state)
{
    struct sip_message *msg =
        parsed(SLICE(REQUEST "v: SIP/2.0/TCP b, SIP/2.0/UDP c\r\n" VIA FROM TO CALL_ID CSEQ
                             "Max-Forwards: 0068\r\n" END));
    struct sip_fault fault;

    (void)state;
    assert_true(sip_message_check(msg, &fault));
    CHECK_SLICE(msg->basics.via.host, "b");
    CHECK_SLICE(msg->basics.from_tag, "1");
    assert_int_equal(msg->basics.to_tag.len, 0);
    CHECK_SLICE(msg->basics.call_id, "c@a");
    assert_int_equal(msg->basics.cseq, 1);
    CHECK_SLICE(msg->basics.cseq_method, "OPTIONS");
    assert_true(msg->basics.has_max_forwards);
    assert_int_equal(msg->basics.max_forwards, 68);
}

static void check_keeps_what_it_has_parsed(void **state)
{
    struct sip_message *msg = parsed(
        SLICE(REQUEST "v: SIP/2.0/TCP b ,SIP/2.0/UDP c\r\nf: \"A\" <sip:alice@a;lr>;tag=7\r\n"
                      "t: tel:7042\r\n" CALL_ID CSEQ
                      "m: <sip:x@y;z>;q=0.5, *\r\nm: sip:v@w;expires=9\r\n" END));
    struct sip_fault fault;

    (void)state;
    assert_true(sip_message_check(msg, &fault));
    CHECK_SLICE(msg->basics.via_text, "SIP/2.0/TCP b");
    CHECK_SLICE(msg->basics.from.display, "\"A\"");
    CHECK_SLICE(sip_address_uri(&msg->basics.from)->user, "alice");
    CHECK_SLICE(msg->basics.to.uri, "tel:7042");
    assert_null(sip_address_uri(&msg->basics.to));
    assert_int_equal(msg->basics.cseq_method_id, SIP_OPTIONS);
    assert_int_equal(msg->basics.contact_count, 3);
    CHECK_SLICE(sip_address_uri(&msg->basics.contact.address)->host, "y");
    assert_int_equal(msg->basics.contact.q_thousandths, 500);
    assert_false(msg->basics.contact.has_expires);
}

/* Names that leave the quick way of finding them, and lines that end where the message does. */
static void names_are_found_however_they_are_written(void **state)
{
    static const struct {
        const char *line;
        enum sip_header_id id;
        const char *value;
    } cases[] = {
        {"Call-ID: a",                             SIP_CALL_ID,             "a"      },
        {"cALL-id:a",                              SIP_CALL_ID,             "a"      },
        {"Call-ID \t : a",                         SIP_CALL_ID,             "a"      },
        {"i:a",                                    SIP_CALL_ID,             "a"      },
        {"i : a",                                  SIP_CALL_ID,             "a"      },
        {"Content-Disposition: a",                 SIP_CONTENT_DISPOSITION, "a"      },
        {"Content-Disposition\t:a",                SIP_CONTENT_DISPOSITION, "a"      },
        {"Call\rID: a",                            SIP_UNKNOWN_HEADER,      NULL     },
        {"Call-I\x0d: a",                          SIP_UNKNOWN_HEADER,      NULL     },
        {"Call_ID: a",                             SIP_UNKNOWN_HEADER,      "a"      },
        {"Q: a",                                   SIP_UNKNOWN_HEADER,      "a"      },
        {"To",                                     SIP_UNKNOWN_HEADER,      NULL     },
        {"P-Charging-Function-Addresses: ccf=a;b", SIP_UNKNOWN_HEADER,      "ccf=a;b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[200];
        for (int is_last = 0; is_last < 2; is_last++) {
            int len = snprintf(text, sizeof(text), "OPTIONS sip:a SIP/2.0\r\n%s\r\n%s\r\n",
                               cases[i].line, is_last ? "" : "Subject: more than 16 bytes\r\n");
            struct sip_message *msg = parsed((struct slice){text, (size_t)len});
            CHECK_CASE(msg->headers[0].id == cases[i].id, cases[i].line);
            CHECK_CASE((msg->headers[0].name.len > 0) == (cases[i].value != NULL), cases[i].line);
            CHECK_SLICE(msg->headers[0].value,
                        cases[i].value != NULL ? cases[i].value : cases[i].line);
        }
    }
}

static void what_rfc_2543_left_out_is_forgiven(void **state)
{
    struct sip_message *msg =
        parsed(SLICE(REQUEST "Via: SIP/2.0/UDP a\r\nFrom: sip:a\r\n" TO CALL_ID CSEQ END));
    struct sip_fault fault;

    (void)state;
    assert_true(sip_message_check(msg, &fault));
    assert_false(msg->basics.has_max_forwards);
    assert_int_equal(msg->basics.via.branch.len + msg->basics.from_tag.len, 0);
}

static void the_phrase_of_a_failed_check_names_the_field(void **state)
{
    static const struct {
        const char *fields;
        const char *phrase; /* NULL: nothing is wrong */
    } cases[] = {
        {FROM TO CALL_ID CSEQ,                               "Missing Via"            },
        {"Via: \r\n" FROM TO CALL_ID CSEQ,                   "Missing Via"            },
        {VIA TO CALL_ID CSEQ,                                "Missing From"           },
        {VIA FROM CALL_ID CSEQ,                              "Missing To"             },
        {VIA FROM TO CSEQ,                                   "Missing Call-ID"        },
        {VIA FROM TO CALL_ID,                                "Missing CSeq"           },
        {"Via: x\r\n" FROM TO CALL_ID CSEQ,                  "Malformed Via"          },
        {VIA "From: <sip:a\r\n" TO CALL_ID CSEQ,             "Malformed From"         },
        {VIA FROM "To: \"x <sip:a>\r\n" CALL_ID CSEQ,        "Malformed To"           },
        {VIA FROM TO "Call-ID: a b\r\n" CSEQ,                "Malformed Call-ID"      },
        {VIA FROM TO CALL_ID "CSeq: 4294967296 OPTIONS\r\n", "Malformed CSeq"         },
        {VIA FROM TO CALL_ID "CSeq: 1 INVITE\r\n",           "CSeq Method Mismatch"   },
        {VIA FROM TO CALL_ID "CSeq: 1 options\r\n",          "CSeq Method Mismatch"   },
        {BASICS FROM,                                        "Multiple From"          },
        {BASICS TO,                                          "Multiple To"            },
        {BASICS CALL_ID,                                     "Multiple Call-ID"       },
        {BASICS CSEQ,                                        "Multiple CSeq"          },
        {BASICS "l: 0\r\nl: 0\r\n",                          "Multiple Content-Length"},
        {BASICS "Max-Forwards: 1\r\nMax-Forwards: 1\r\n",    "Multiple Max-Forwards"  },
        {BASICS "Max-Forwards: 256\r\n",                     "Malformed Max-Forwards" },
        {BASICS "Contact: <sip:a>, x y\r\n",                 "Malformed Contact"      },
        {BASICS "m: <sip:a>\r\nm: sip:a b\r\n",              "Malformed Contact"      },
        {BASICS "m: <sip:a>, sip:b\r\nm: tel:+1\r\n" VIA,    NULL                     },
        {BASICS "Expires: 99999999999\r\nDate: today\r\n",   NULL                     },
        {BASICS "User-Agent: a\r\nUser-Agent: b\r\n",        NULL                     },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[1024];
        int len = snprintf(text, sizeof(text), REQUEST "%s" END, cases[i].fields);
        struct sip_message *msg = parsed((struct slice){text, (size_t)len});
        struct sip_fault fault = {0, ""};
        CHECK_CASE(sip_message_check(msg, &fault) == (cases[i].phrase == NULL), cases[i].fields);
        if (cases[i].phrase != NULL) {
            CHECK_CASE(strcmp(fault.phrase, cases[i].phrase) == 0, cases[i].fields);
            assert_int_equal(fault.status, 400);
        }
    }
}

static void a_response_may_answer_any_method_and_have_any_contact(void **state)
{
    struct sip_message *msg = parsed(SLICE("SIP/2.0 200 OK\r\n" BASICS "Contact: x y\r\n" END));
    struct sip_fault fault;

    (void)state;
    assert_true(sip_message_check(msg, &fault));
}

static void fields_of_one_id_are_found_in_their_order(void **state)
{
    struct sip_message *msg = parsed(
        SLICE(REQUEST "v: a\r\nX-A: 1\r\nTo: x\r\nVIA: b\r\nx-a: 2\r\nX-B: 3\r\nVia: c\r\n" END));
    const struct sip_header *header = sip_message_header(msg, SIP_VIA);

    (void)state;
    CHECK_SLICE(header->value, "a");
    header = sip_message_next(msg, header);
    CHECK_SLICE(header->value, "b");
    header = sip_message_next(msg, header);
    CHECK_SLICE(header->value, "c");
    assert_null(sip_message_next(msg, header));
    CHECK_SLICE(sip_message_named(msg, SLICE("x-b"))->value, "3");
    CHECK_SLICE(sip_message_named(msg, SLICE("v"))->value, "a");
    assert_null(sip_message_named(msg, SLICE("X-C")));
    assert_null(sip_message_named(msg, SLICE("Route")));
}

static void values_are_given_singly_however_they_are_spread(void **state)
{
    static const char *const expected[] = {
        "<sip:a,b@c;lr>;x=\"1,2\\\",\"", "\"A, B\" <sip:d>", "<sip:e>", "sip:f", "\"open, <sip:g>",
    };
    struct sip_message *msg =
        parsed(SLICE(REQUEST "Route: , <sip:a,b@c;lr>;x=\"1,2\\\",\" ,\r\n \"A, B\" <sip:d>,, \r\n"
                             "Route:\r\nTo: x\r\nroute:<sip:e>\r\n\t,sip:f\r\n"
                             "Route: \"open, <sip:g>\r\n" END));
    struct sip_values values = sip_values_of(msg, SIP_ROUTE);
    struct slice value;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(sip_values_next(&values, &value));
        CHECK_SLICE(value, expected[i]);
    }
    assert_false(sip_values_next(&values, &value));
    values = sip_values_of(msg, SIP_PATH);
    assert_false(sip_values_next(&values, &value));
}

static void what_is_no_list_is_one_value(void **state)
{
    struct sip_message *msg =
        parsed(SLICE(REQUEST "Authorization: Digest a=1, b=2\r\nDate: Sat, 13 Nov\r\n" END));
    struct sip_values values = sip_values_of(msg, SIP_AUTHORIZATION);
    struct slice value;

    (void)state;
    assert_true(sip_values_next(&values, &value));
    CHECK_SLICE(value, "Digest a=1, b=2");
    assert_false(sip_values_next(&values, &value));
}

static void a_list_names_a_token_whatever_its_case(void **state)
{
    struct sip_message *msg = parsed(SLICE(REQUEST "k: path, 100REL\r\nSupported: gruu\r\n" END));

    (void)state;
    assert_true(sip_message_lists(msg, SIP_SUPPORTED, SLICE("100rel")));
    assert_true(sip_message_lists(msg, SIP_SUPPORTED, SLICE("gruu")));
    assert_false(sip_message_lists(msg, SIP_SUPPORTED, SLICE("100")));
    assert_false(sip_message_lists(msg, SIP_REQUIRE, SLICE("gruu")));
}

CHECK_MAIN(CHECK_TEST(a_request_has_a_method_a_uri_fields_and_a_body),
           CHECK_TEST(a_response_has_a_status_and_a_reason),
           CHECK_TEST(without_content_length_the_body_goes_on_to_the_end),
           CHECK_TEST(line_ends_before_the_start_line_are_no_part_of_it),
           CHECK_TEST(bare_line_feeds_end_lines_too),
           CHECK_TEST(a_line_that_begins_with_space_belongs_to_the_one_before),
           CHECK_TEST(nuls_end_nothing),
           CHECK_TEST(what_is_wrong_with_a_message_is_said_in_one_phrase),
           CHECK_TEST(a_line_that_is_no_header_field_is_a_field_without_a_name),
           CHECK_TEST(more_header_fields_than_there_is_room_for_are_a_fault),
           CHECK_TEST(names_are_found_however_they_are_written), CHECK_TEST(check_fills_the_basics),
           CHECK_TEST(check_keeps_what_it_has_parsed),
           CHECK_TEST(what_rfc_2543_left_out_is_forgiven),
           CHECK_TEST(the_phrase_of_a_failed_check_names_the_field),
           CHECK_TEST(a_response_may_answer_any_method_and_have_any_contact),
           CHECK_TEST(fields_of_one_id_are_found_in_their_order),
           CHECK_TEST(values_are_given_singly_however_they_are_spread),
           CHECK_TEST(what_is_no_list_is_one_value),
           CHECK_TEST(a_list_names_a_token_whatever_its_case))
