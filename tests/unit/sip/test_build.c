/* Messages made from others: responses, CANCEL, ACK. */
#include "check.h"

#include "sip/build.h"

static struct sip_message parsed(const char *text)
{
    struct sip_message msg;
    struct sip_fault fault;

    CHECK_CASE(sip_message_parse(slice_of(text), &msg, &fault), text);
    return msg;
}

/* As much of it as can be read. */
static struct sip_message as_far_as_read(const char *text)
{
    struct sip_message msg;
    struct sip_fault fault;

    bool is_sound = sip_message_parse(slice_of(text), &msg, &fault);

    (void)is_sound;
    return msg;
}

static void responses_copy_what_the_rfc_tells_them_to(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *request;
        struct sip_reply reply;
        const char *response;
        const char *label;
    } cases[] = {
        {"OPTIONS sip:b SIP/2.0\r\nCSeq: 1 OPTIONS\r\nVia: SIP/2.0/UDP a;branch=1\r\n"
         "To: <sip:b>\r\nSubject: no\r\nCall-ID: c@d\r\nFrom: <sip:a>;tag=f\r\n"
         "Timestamp: 9\r\n\r\n",
         {.status = 200, .to_tag = {"t", 1}},
         "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=1\r\nFrom: <sip:a>;tag=f\r\n"
         "To: <sip:b>;tag=t\r\nCall-ID: c@d\r\nCSeq: 1 OPTIONS\r\n",
         "in our order, under full names"},
        {"INVITE sip:b SIP/2.0\r\nv:a\r\nf:f\r\nt:<sip:b>\r\ni:c\r\nCSeq: 1 INVITE\r\n"
         "Timestamp: 54.1\r\n\r\n",
         {.status = 100},
         "SIP/2.0 100 Trying\r\nVia: a\r\nFrom: f\r\nTo: <sip:b>\r\nCall-ID: c\r\n"
         "CSeq: 1 INVITE\r\nTimestamp: 54.1\r\n",
         "Timestamp in a 100, without a tag, from compact forms"},
        {"INVITE sip:b SIP/2.0\r\nVia: a,b;x=\",\" , c\r\nRecord-Route: <sip:r;lr>\r\nVia: d\r\n"
         "Record-Route: <sip:s>, <sip:t>\r\n\r\n",
         {.status = 183, .reason = {"Go", 2}, .top_via = {"new", 3}, .wants_record_route = true},
         "SIP/2.0 183 Go\r\nVia: new, b;x=\",\" , c\r\nVia: d\r\nRecord-Route: <sip:r;lr>\r\n"
         "Record-Route: <sip:s>, <sip:t>\r\n",
         "all Vias in order, the topmost as stamped; Record-Route as asked for"},
        {"OPTIONS sip:b SIP/2.0\r\nVia:\r\nVia: , a, b\r\n\r\n",
         {.status = 400, .reason = {"No", 2}, .top_via = {"new", 3}},
         "SIP/2.0 400 No\r\nVia: \r\nVia: new, b\r\n", "empty values before the topmost Via"},
        {"OPTIONS sip:b SIP/2.0\nVia: a;\n b\n\t;c\r\nTo:\r\n x\r\n  \r\nCall-ID: c\n\n",
         {.status = 200, .to_tag = {"t", 1}},
         "SIP/2.0 200 OK\r\nVia: a; b ;c\r\nTo: x;tag=t\r\nCall-ID: c\r\n",
         "a fold is one space, and lines end with CRLF"},
        {"OPTIONS sip:b SIP/2.0\r\nVia: a,\r\n b,\r\n c\r\n\r\n",
         {.status = 200, .top_via = {"new", 3}}, "SIP/2.0 200 OK\r\nVia: new, b, c\r\n",
         "folds between Vias of one field"},
        {"OPTIONS sip:b SIP/2.0\r\nVia: a\r\nFrom: f\r\nTo: <sip:b>\r\nCall-ID: c\r\n"
         "CSeq: 1 OPTIONS\r\n\r\n",
         {.status = 200, .to_tag = {"t", 1}},
         "SIP/2.0 200 OK\r\nVia: a\r\nFrom: f\r\nTo: <sip:b>;tag=t\r\nCall-ID: c\r\n"
         "CSeq: 1 OPTIONS\r\n",
         "the lines of ours in our order and spelling"},
        {"OPTIONS sip:b SIP/2.0\r\nVia: a\r\nFROM: f\r\nTo : <sip:b>;tag=t\r\nCall-ID: c \r\n"
         "CSeq:\t1 OPTIONS\n\r\n",
         {.status = 200, .to_tag = {"u", 1}},
         "SIP/2.0 200 OK\r\nVia: a\r\nFrom: f\r\nTo: <sip:b>;tag=t\r\nCall-ID: c\r\n"
         "CSeq: 1 OPTIONS\r\n",
         "the same spelt each in another way"},
        {"OPTIONS sip:b SIP/2.0\r\nVia: a\r\nFrom: f\r \r\nTo: <sip:b>\r\nCall-ID:  c\r\n"
         "CSeq: 1 OPTIONS\n",
         {.status = 400, .to_tag = {"t", 1}},
         "SIP/2.0 400 Bad Request\r\nVia: a\r\nFrom: f\r\nTo: <sip:b>;tag=t\r\nCall-ID: c\r\n"
         "CSeq: 1 OPTIONS\r\n",
         "line ends that are none, and one that is the last of the message"},
    };
    /* clang-format on */

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_message request = as_far_as_read(cases[i].request);
        char memory[512];
        struct buffer out = buffer_over(memory, sizeof(memory));

        sip_build_reply(&out, &request, &cases[i].reply);
        CHECK_CASE(!out.overflowed, cases[i].label);
        CHECK_CASE(slice_equal(buffer_slice(&out), slice_of(cases[i].response)), cases[i].label);
    }
}

static void to_gets_a_tag_unless_it_has_one(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        bool gets_tag;
        const char *label;
    } cases[] = {
        {"<sip:b>",              true,  "none"                             },
        {"sip:b",                true,  "none, without brackets"           },
        {"sip:b;user=phone",     true,  "another parameter"                },
        {"<sip:b>;tag=x",        false, "one"                              },
        {"sip:b;TAG=x",          false, "one, in capitals"                 },
        {"sip:b \r\n ; tag = x", false, "one, with space"                  },
        {"<sip:b>;a=b;tag=x",    false, "one behind another parameter"     },
        {"<sip:b>;tag",          false, "one without a value"              },
        {"<sip:b;tag=uri>",      true,  "of the URI, not of the field"     },
        {"\"a;tag=b\" <sip:b>",  true,  "in the display name"              },
        {"<sip:tag@b>;tags=x",   true,  "the beginning of another word"    },
        {"<sip:b>;x=\";tag=y\"", true,  "in a quoted value"                },
        {"\"open <sip:b>",       true,  "malformed, and nothing like a tag"},
        {"\"open <sip:b>;tag=x", false, "malformed, and something like one"},
        {"<sip:b>;tag=",         false, "malformed, with an empty tag"     },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct sip_reply reply = {.status = 200, .to_tag = SLICE("t")};
        char text[256], memory[256];
        struct buffer request = buffer_over(text, sizeof(text));
        struct buffer out = buffer_over(memory, sizeof(memory));

        sip_build_request_line(&request, SLICE("OPTIONS"), SLICE("sip:b"));
        sip_build_header(&request, SLICE("To"), slice_of(cases[i].to));
        buffer_add_text(&request, "\r\n");
        buffer_add_char(&request, '\0');
        struct sip_message msg = parsed(text);
        sip_build_reply(&out, &msg, &reply);
        struct slice end = slice_after(buffer_slice(&out), out.len - strlen(";tag=t\r\n"));
        CHECK_CASE(slice_equal(end, SLICE(";tag=t\r\n")) == cases[i].gets_tag, cases[i].label);
    }
}

static void what_does_not_fit_is_told(void **state)
{
    (void)state;
    const struct sip_reply reply = {.status = 200};
    struct sip_message msg = parsed("OPTIONS sip:b SIP/2.0\r\nVia: a\r\n\r\n");
    char memory[64];

    for (size_t max = 0; max < strlen("SIP/2.0 200 OK\r\nVia: a\r\n"); max++) {
        struct buffer out = buffer_over(memory, max);
        sip_build_reply(&out, &msg, &reply);
        assert_true(out.overflowed);
    }
}

static void bodies_come_with_their_length(void **state)
{
    (void)state;
    char memory[256];
    struct buffer out = buffer_over(memory, sizeof(memory));

    sip_build_request_line(&out, SLICE("MESSAGE"), SLICE("sip:b"));
    sip_build_header(&out, SLICE("X"), SLICE("y"));
    sip_build_number(&out, SLICE("Expires"), 4294967296);
    sip_build_body(&out, SLICE("text/plain"), SLICE("hello"));
    CHECK_SLICE(buffer_slice(&out), "MESSAGE sip:b SIP/2.0\r\nX: y\r\nExpires: 4294967296\r\n"
                                    "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");

    out.len = 0;
    sip_build_end(&out);
    CHECK_SLICE(buffer_slice(&out), "Content-Length: 0\r\n\r\n");
}

static const char invite[] = "INVITE sip:bob@b.example SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP p;branch=z9hG4bKp, SIP/2.0/UDP a;branch=z9hG4bKa\r\n"
                             "Route: <sip:r;lr>\r\n"
                             "Via: SIP/2.0/UDP x\r\n"
                             "Route: <sip:s;lr>\r\n"
                             "Require: 100rel\r\n"
                             "Proxy-Require: x\r\n"
                             "Max-Forwards: 3\r\n"
                             "To: Bob <sip:bob@b.example>\r\n"
                             "From: Alice <sip:alice@a.example>;tag=1\r\n"
                             "Call-ID: c\r\n"
                             "CSeq: 0986759   INVITE\r\n"
                             "Content-Length: 0\r\n\r\n";

static void a_cancel_is_the_invite_with_one_via(void **state)
{
    (void)state;
    struct sip_message msg = parsed(invite);
    char memory[1024];
    struct buffer out = buffer_over(memory, sizeof(memory));

    sip_build_cancel(&out, &msg, SLICE("SIP;cause=200"));
    CHECK_SLICE(buffer_slice(&out), "CANCEL sip:bob@b.example SIP/2.0\r\n"
                                    "Via: SIP/2.0/UDP p;branch=z9hG4bKp\r\n"
                                    "Route: <sip:r;lr>\r\n"
                                    "Route: <sip:s;lr>\r\n"
                                    "Max-Forwards: 70\r\n"
                                    "From: Alice <sip:alice@a.example>;tag=1\r\n"
                                    "To: Bob <sip:bob@b.example>\r\n"
                                    "Call-ID: c\r\n"
                                    "CSeq: 0986759 CANCEL\r\n"
                                    "Reason: SIP;cause=200\r\n"
                                    "Content-Length: 0\r\n\r\n");
}

static void an_ack_has_the_to_of_the_response(void **state)
{
    (void)state;
    struct sip_message msg = parsed(invite);
    struct sip_message response = parsed("SIP/2.0 486 Busy Here\r\n"
                                         "Via: SIP/2.0/UDP p;branch=z9hG4bKp\r\n"
                                         "To: Bob <sip:bob@b.example>;tag=2\r\n"
                                         "CSeq: 7 INVITE\r\n\r\n");
    char memory[1024];
    struct buffer out = buffer_over(memory, sizeof(memory));

    sip_build_ack(&out, &msg, &response);
    CHECK_SLICE(buffer_slice(&out), "ACK sip:bob@b.example SIP/2.0\r\n"
                                    "Via: SIP/2.0/UDP p;branch=z9hG4bKp\r\n"
                                    "Route: <sip:r;lr>\r\n"
                                    "Route: <sip:s;lr>\r\n"
                                    "Max-Forwards: 70\r\n"
                                    "From: Alice <sip:alice@a.example>;tag=1\r\n"
                                    "To: Bob <sip:bob@b.example>;tag=2\r\n"
                                    "Call-ID: c\r\n"
                                    "CSeq: 0986759 ACK\r\n"
                                    "Content-Length: 0\r\n\r\n");
}

CHECK_MAIN(CHECK_TEST(responses_copy_what_the_rfc_tells_them_to),
           CHECK_TEST(to_gets_a_tag_unless_it_has_one), CHECK_TEST(what_does_not_fit_is_told),
           CHECK_TEST(bodies_come_with_their_length),
           CHECK_TEST(a_cancel_is_the_invite_with_one_via),
           CHECK_TEST(an_ack_has_the_to_of_the_response))
