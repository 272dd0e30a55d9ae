/* Tokens of loops: what they depend on, and what they do not. */
#include "proxy_world.h"

#include "server/token.h"

struct question {
    const char *method;
    const char *uri;
    const char *call_id;
    const char *from_tag;
    const char *to_tag; /* NULL: none */
    const char *more;   /* header lines */
    const char *vias;   /* NULL: one that is not ours */
};

static const struct question usual = {"INVITE", "sip:bob@example.org", "c", "a", NULL, "", NULL};

/* The request as it came; valid until the next one. */
static struct request *receive(struct world *world, struct question q)
{
    static struct sip_message msg;
    static struct request rq;
    static struct letter letter;
    char text[1024];
    int len =
        snprintf(text, sizeof(text),
                 "%s %s SIP/2.0\r\nVia: %s\r\n"
                 "From: <sip:alice@elsewhere.example>;tag=%s\r\nTo: <sip:bob@example.org>%s%s\r\n"
                 "Call-ID: %s\r\nCSeq: 1 %s\r\n%s\r\n",
                 q.method, q.uri, q.vias != NULL ? q.vias : "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
                 q.from_tag, q.to_tag != NULL ? ";tag=" : "", q.to_tag != NULL ? q.to_tag : "",
                 q.call_id, q.method, q.more);

    keep(&letter, (struct slice){text, (size_t)len});
    read_letter(&letter, &msg);
    rq = (struct request){.w = &world->w, .settings = &world->settings, .msg = &msg};
    return &rq;
}

/* The same with everything that preprocessing finds out about it. */
static struct request *make(struct world *world, struct question q)
{
    struct request *rq = receive(world, q);

    assert_true(route_again(rq));
    return rq;
}

/* --- loops: RFC 5393 4.2.1 --- */

static void a_loop_is_told_from_a_spiral_by_what_routing_depends_on(void **state)
{
    static const struct {
        struct question q;
        bool is_same;
        const char *label;
    } cases[] = {
        {{"INVITE", "sip:bob@example.org", "c", "a", NULL, "", NULL},                              true,  "nothing has changed"   },
        {{"MESSAGE", "sip:bob@example.org", "c", "a", NULL, "", NULL},                             true,  "never of the method"   },
        {{"INVITE", "sip:bob@example.org", "c", "a", NULL, "Subject: x\r\nMax-Forwards: 3\r\n",
          NULL},
         true,                                                                                            "nor of what has no say"},
        {{"INVITE", "sip:carol@example.org", "c", "a", NULL, "", NULL},                            false, "the Request-URI"       },
        {{"INVITE", "sip:bob@example.org", "d", "a", NULL, "", NULL},                              false, "the Call-ID"           },
        {{"INVITE", "sip:bob@example.org", "c", "b", NULL, "", NULL},                              false, "From"                  },
        {{"INVITE", "sip:bob@example.org", "c", "a", "t", "", NULL},                               false, "To"                    },
        {{"INVITE", "sip:bob@example.org", "c", "a", NULL, "Route: <sip:z.example;lr>\r\n", NULL},
         false,                                                                                           "Route"                 },
        {{"INVITE", "sip:bob@example.org", "c", "a", NULL, "Proxy-Require: z\r\n", NULL},
         false,                                                                                           "Proxy-Require"         },
        {{"INVITE", "sip:bob@example.org", "c", "a", NULL, "Proxy-Authorization: z\r\n", NULL},
         false,                                                                                           "Proxy-Authorization"   },
    };
    struct world *world = new_world();
    char first[TOKEN_LEN], token[TOKEN_LEN];

    (void)state;
    token_of_loop(make(world, usual), first);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        token_of_loop(make(world, cases[i].q), token);
        CHECK_CASE((memcmp(token, first, TOKEN_LEN) == 0) == cases[i].is_same, cases[i].label);
    }
}

/* The topmost Via is looked at as it was parsed, the others are searched: no matter which it is. */
static void a_loop_is_found_in_whichever_via(void **state)
{
    static const struct {
        const char *before; /* the token */
        const char *behind;
        bool is_found;
        const char *label;
    } cases[] = {
        {"SIP/2.0/UDP a;branch=z9hG4bK1.",                                       "",                      true,  "in the topmost"                       },
        {"SIP/2.0/UDP a;branch=z9hG4bK1.",                                       ";rport, SIP/2.0/UDP b", true,  "of several in a line"                 },
        {"SIP/2.0/UDP b;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1.", "",                      true,
         "in the second line"                                                                                                                           },
        {"SIP/2.0/UDP b;branch=z9hG4bK1, SIP/2.0/UDP a;branch=z9hG4bK1.",        "",                      true,
         "second in its line"                                                                                                                           },
        {"SIP/2.0/UDP a;branch=",                                                "",                      false, "no branch of ours, topmost"           },
        {"SIP/2.0/UDP b, SIP/2.0/UDP a;branch=",                                 "",                      false, "no branch of ours, second"            },
        {"SIP/2.0/UDP a;branch=z9hG4bK1.",                                       "x",                     false, "not at the end of the branch, topmost"},
        {"SIP/2.0/UDP b, SIP/2.0/UDP a;branch=z9hG4bK1.",                        "x",                     false,
         "not at the end of the branch, second"                                                                                                         },
        {"SIP/2.0/UDP a;branch=z9hG4bK1;x=y",                                    "",                      false, "in another parameter, topmost"        },
        {"SIP/2.0/UDP b, SIP/2.0/UDP a;branch=z9hG4bK1;x=y",                     "",                      false,
         "in another parameter, second"                                                                                                                 },
    };
    struct world *world = new_world();
    char token[TOKEN_LEN], vias[200];

    (void)state;
    token_of_loop(make(world, usual), token);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct question q = usual;
        snprintf(vias, sizeof(vias), "%s%.*s%s", cases[i].before, TOKEN_LEN, token,
                 cases[i].behind);
        q.vias = vias;
        struct request *rq = receive(world, q);
        token_of_loop(rq, rq->loop_token);
        CHECK_CASE(token_finds_loop(rq) == cases[i].is_found, cases[i].label);
    }
}

CHECK_MAIN(CHECK_TEST(a_loop_is_told_from_a_spiral_by_what_routing_depends_on),
           CHECK_TEST(a_loop_is_found_in_whichever_via))
