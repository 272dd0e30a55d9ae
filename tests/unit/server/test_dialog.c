/* Tokens of dialogs: whom they open the way to, and whom they do not. */
#include "proxy_world.h"

#include "server/dialog.h"
#include "server/next_hop.h"
#include "server/target.h"

/* Who sends it: a place of the world, 192.0.2.`from`. */
struct question {
    const char *call_id;
    const char *from_tag;
    const char *to_tag; /* NULL: none */
    unsigned from;
    const char *uri; /* NULL: that of somebody else */
};

enum { US = 200, MAX_ROUTES = 512 };

static struct net_addr place(unsigned number)
{
    return (struct net_addr){
        .family = 4, .port = 5060, .ip = {192, 0, 2, (uint8_t)number}
    };
}

/* A request with these lines; valid until the next one. */
static struct request *receive(struct world *world, const char *method, struct question q,
                               const char *lines)
{
    static struct sip_message msg;
    static struct request rq;
    static struct letter letter;
    char text[2048];
    int len = snprintf(text, sizeof(text),
                       "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.%u;branch=z9hG4bK1\r\n"
                       "From: <sip:alice@example.org>;tag=%s\r\nTo: <sip:bob@example.org>%s%s\r\n"
                       "Call-ID: %s\r\nCSeq: 1 %s\r\n%s\r\n",
                       method, q.uri != NULL ? q.uri : "sip:x@192.0.2.9", q.from, q.from_tag,
                       q.to_tag != NULL ? ";tag=" : "", q.to_tag != NULL ? q.to_tag : "", q.call_id,
                       method, lines);

    keep(&letter, (struct slice){text, (size_t)len});
    read_letter(&letter, &msg);
    rq = (struct request){
        .w = &world->w,
        .settings = &world->settings,
        .msg = &msg,
        .from = {.remote = place(q.from), .local = place(US)}
    };
    return &rq;
}

static struct dialog_side side(unsigned number, bool is_ours, bool is_bound)
{
    return (struct dialog_side){
        .flow = {.hop = {.remote = place(number), .local = place(US)}, .is_bound = is_bound},
        .is_ours = is_ours
    };
}

/* A Route with the token of the dialog "c", which `a` begins by an INVITE to `b`. */
static const char *route_of(struct world *world, struct dialog_side a, struct dialog_side b)
{
    static const struct question usual = {"c", "a", NULL, 1, NULL};
    static char text[MAX_ROUTES];
    const struct dialog_side sides[] = {a, b};
    char memory[DIALOG_TOKEN_MAX];
    struct buffer token = buffer_over(memory, sizeof(memory));

    dialog_write_token(&world->w, receive(world, "INVITE", usual, "")->msg, sides, &token);
    assert_false(token.overflowed);
    snprintf(text, sizeof(text), "Route: <sip:192.0.2.200;lr;tk=%.*s>\r\n", (int)token.len,
             token.ptr);
    return text;
}

static struct request *follow(struct world *world, const char *method, struct question q,
                              const char *lines)
{
    struct request *rq = receive(world, method, q, lines);

    assert_true(route_again(rq));
    return rq;
}

static void a_token_opens_its_dialog_to_both_sides(void **state)
{
    static const struct {
        struct question q;
        unsigned far; /* 0: it opens nothing */
        const char *label;
    } cases[] = {
        {{"c", "a", "b", 1, NULL},  2, "who began it"                },
        {{"c", "b", "a", 2, NULL},  1, "the other side"              },
        {{"c", "z", "a", 2, NULL},  1, "another end, where it forked"},
        {{"c", "a", NULL, 1, NULL}, 0, "outside of a dialog"         },
        {{"d", "a", "b", 1, NULL},  0, "another call"                },
        {{"c", "aa", "b", 1, NULL}, 0, "another dialog of that call" },
    };
    struct world *world = new_world();
    const char *route = route_of(world, side(1, true, false), side(2, true, false));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct request *rq = follow(world, "BYE", cases[i].q, route);
        CHECK_CASE(rq->is_in_dialog == (cases[i].far != 0), cases[i].label);
        if (cases[i].far != 0)
            CHECK_CASE(rq->far->flow.hop.remote.ip[3] == cases[i].far, cases[i].label);
    }
}

static void a_token_of_another_server_opens_nothing(void **state)
{
    static const struct question bye = {"c", "a", "b", 1, NULL};
    struct world *world = new_world();
    const char *route = route_of(world, side(1, true, false), side(2, true, false));

    (void)state;
    assert_true(follow(world, "BYE", bye, route)->is_in_dialog);
    world->server.keys.dialog.k0++;
    assert_false(follow(world, "BYE", bye, route)->is_in_dialog);
}

/* Whichever character it is. */
static void a_token_that_was_changed_opens_nothing(void **state)
{
    static const struct question bye = {"c", "a", "b", 1, NULL};
    struct world *world = new_world();
    char text[MAX_ROUTES];

    (void)state;
    strcpy(text, route_of(world, side(1, false, true), side(2, true, true)));
    char *token = strstr(text, "tk=") + strlen("tk=");
    for (char *at = token; *at != '>'; at++) {
        char right = *at;
        *at = right == 'A' ? 'B' : 'A';
        assert_false(follow(world, "BYE", bye, text)->is_in_dialog);
        *at = right;
    }
    assert_true(follow(world, "BYE", bye, text)->is_in_dialog);
}

static void who_may_go_on_and_where_to(void **state)
{
    static const struct {
        const char *method;
        bool near_is_ours, far_is_ours, far_is_bound;
        unsigned from;
        bool is_in_dialog, is_free;
        const char *label;
    } cases[] = {
        {"BYE", true,  false, false, 1, true,  true,  "a user of ours to somebody elsewhere"},
        {"BYE", true,  false, false, 3, false, false, "the same from another place: logs in"},
        {"ACK", true,  false, false, 3, true,  false, "an ACK cannot"                       },
        {"BYE", true,  false, true,  1, true,  false, "to a stranger behind a NAT"          },
        {"BYE", true,  false, true,  3, true,  false, "the same from another place"         },
        {"BYE", true,  true,  false, 1, true,  true,  "to another, who may have moved"      },
        {"BYE", true,  true,  true,  1, true,  false, "to another behind a NAT"             },
        {"BYE", true,  true,  false, 3, true,  false, "from another place"                  },
        {"BYE", false, true,  false, 1, true,  false, "a stranger to a user of ours"        },
        {"BYE", false, true,  true,  3, true,  false, "the same from another place"         },
        {"BYE", false, false, false, 1, true,  false,
         "a stranger whom a user of ours has redirected"                                    },
    };
    struct world *world = new_world();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *route = route_of(world, side(1, cases[i].near_is_ours, false),
                                     side(2, cases[i].far_is_ours, cases[i].far_is_bound));
        struct question q = {"c", "a", "b", cases[i].from, NULL};
        struct request *rq = follow(world, cases[i].method, q, route);
        CHECK_CASE(rq->is_in_dialog == cases[i].is_in_dialog, cases[i].label);
        if (cases[i].is_in_dialog)
            CHECK_CASE(dialog_is_free(rq) == cases[i].is_free, cases[i].label);
    }
}

/* Of a spiral: the near side of the first passage, the far side of the last. */
static void several_passages_are_one_way(void **state)
{
    static const struct question there = {"c", "a", "b", 1, NULL}, back = {"c", "b", "a", 3, NULL};
    struct world *world = new_world();
    char first[MAX_ROUTES], second[MAX_ROUTES], both[2 * MAX_ROUTES];

    (void)state;
    strcpy(first, route_of(world, side(1, true, false), side(US, true, false)));
    strcpy(second, route_of(world, side(US, true, false), side(3, true, false)));
    snprintf(both, sizeof(both), "%s%s", first, second);
    struct request *rq = follow(world, "BYE", there, both);
    assert_int_equal(rq->near->flow.hop.remote.ip[3], 1);
    assert_int_equal(rq->far->flow.hop.remote.ip[3], 3);
    snprintf(both, sizeof(both), "%s%s", second, first);
    rq = follow(world, "BYE", back, both);
    assert_int_equal(rq->near->flow.hop.remote.ip[3], 3);
    assert_int_equal(rq->far->flow.hop.remote.ip[3], 1);
}

/* What is seen at once is what the search for servers would find. */
static void where_a_uri_in_a_dialog_leads(void **state)
{
    static const struct {
        const char *uri;
        uint16_t port; /* 0: it is not seen at once that it leads to the far side */
        const char *label;
    } cases[] = {
        {"sip:x@192.0.2.2:5070",          5070, "an address and a port"       },
        {"sip:x@192.0.2.2",               5060, "an address"                  },
        {"sip:x@192.0.2.2;transport=udp", 0,    "a transport"                 },
        {"sip:x@192.0.2.2;maddr=1.2.3.4", 0,    "another address"             },
        {"sips:x@192.0.2.2",              0,    "TLS is wanted"               },
        {"sip:x@192.0.2.3",               0,    "the address of somebody else"},
        {"sip:x@far.example",             0,    "a name"                      },
        {"sip:x@0.0.0.0",                 0,    "no address of anybody"       },
    };
    struct world *world = new_world();
    const char *route = route_of(world, side(1, true, false), side(2, false, false));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct question q = {"c", "a", "b", 1, cases[i].uri};
        struct request *rq = follow(world, "BYE", q, route);
        struct target_list targets;
        struct sip_locate search;
        struct sip_candidate place;
        CHECK_CASE(target_find(rq, &targets) == SIP_GO_ON, cases[i].label);
        CHECK_CASE(targets.items[0].has_place == (cases[i].port != 0), cases[i].label);
        if (cases[i].port == 0)
            continue;
        CHECK_CASE(next_hop_find(rq, &targets.items[0], &search, &place) == SIP_LOCATED,
                   cases[i].label);
        CHECK_CASE(place.transport == SIP_UDP && place.ip.family == 4 && place.ip.bytes[3] == 2
                       && place.port == cases[i].port,
                   cases[i].label);
    }
}

CHECK_MAIN(CHECK_TEST(a_token_opens_its_dialog_to_both_sides),
           CHECK_TEST(a_token_of_another_server_opens_nothing),
           CHECK_TEST(a_token_that_was_changed_opens_nothing),
           CHECK_TEST(who_may_go_on_and_where_to), CHECK_TEST(several_passages_are_one_way),
           CHECK_TEST(where_a_uri_in_a_dialog_leads))
