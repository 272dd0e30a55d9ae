/*
 * Finding the servers of a URI, or the way back for a response: RFC 3263 4.1, 4.2 and 5, in the
 * order of RFC 2782, both families as RFC 7984 3.1 and 4 have them. RFC 7118 5.5 adds WebSocket.
 *
 * No socket, no clock, no random source: the machine says what to ask DNS, is told the answers and
 * yields one candidate after the other, the next when the last has failed as RFC 3263 4.3 defines
 * it. It asks for no more than the next candidate needs. So its user goes round like this, and
 * comes back with an answer, or for the next candidate:
 *
 *     result = sip_locate_next(l, dead, now_ms, &candidate);
 *     if (result == SIP_LOCATE_WAIT)
 *         while (sip_locate_question(l, &question))
 *             ask(&question);
 *
 * What DNS says is a stranger's word: every list has a ceiling, no name leads to a second question
 * of its own kind, so nothing can go in circles, and no place is yielded twice.
 */
#ifndef TCHIN_SIP_LOCATE_H
#define TCHIN_SIP_LOCATE_H

#include "sip/candidate.h"
#include "sip/dead_targets.h"
#include "sip/uri.h"
#include "sip/via.h"

enum {
    SIP_LOCATE_MAX_NAME = 253,   /* RFC 1035 2.3.4, as text */
    SIP_LOCATE_MAX_NAMES = 1536, /* bytes of the names in records that are kept */
    SIP_LOCATE_MAX_SERVICES = 8,
    SIP_LOCATE_MAX_TARGETS = 24,
    SIP_LOCATE_MAX_ADDRESSES = 16, /* of one name */
    SIP_LOCATE_MAX_CANDIDATES = 32,
};

/* Who is looking. A request too big for UDP is looked for without it: RFC 3263 4.1. */
struct sip_locate_client {
    enum sip_transport transports[SIP_TRANSPORT_COUNT]; /* that it speaks, the preferred first */
    size_t transport_count;
    bool has_ipv4;
    bool has_ipv6;
};

/* --- questions and answers: names as text, in any case, without a dot at the end -------------- */

enum sip_question_type {
    SIP_ASK_NAPTR,
    SIP_ASK_SRV,
    SIP_ASK_ADDRESSES, /* A and AAAA side by side, of the families that the client has */
};

struct sip_question {
    enum sip_question_type type;
    uint8_t service; /* which SRV question: for sip_locate_add_srv */
    char name[SIP_LOCATE_MAX_NAME + 1];
};

/* Absence is NXDOMAIN or NODATA. SERVFAIL, REFUSED, bogus and no answer in time are failures. */
enum sip_answer { SIP_ANSWER_FOUND, SIP_ANSWER_ABSENT, SIP_ANSWER_FAILED };

struct sip_naptr { /* RFC 3403 4.1 */
    uint16_t order;
    uint16_t preference;
    struct slice flags;
    struct slice services;
    struct slice regexp;
    struct slice replacement; /* "." for none */
};

struct sip_srv { /* RFC 2782 */
    uint16_t priority;
    uint16_t weight;
    uint16_t port;
    struct slice target; /* "." for none */
};

/* --- the machine, a value without pointers: it may be copied ---------------------------------- */

enum sip_question_state {
    SIP_QUESTION_UNUSED,
    SIP_QUESTION_TO_ASK,
    SIP_QUESTION_ASKED,
    SIP_QUESTION_FOUND,
    SIP_QUESTION_ABSENT,
    SIP_QUESTION_FAILED,
    SIP_QUESTION_UNUSABLE, /* there are SRV records, but none leads anywhere */
};

struct sip_locate_name {
    uint16_t at; /* in `names` */
    uint8_t len;
};

struct sip_locate_service {
    enum sip_question_state state;
    enum sip_transport transport;
    uint16_t order;
    uint16_t preference;
    struct sip_locate_name srv; /* of length 0: the transport's prefix before the domain */
};

struct sip_locate_target {
    uint8_t service;
    bool is_taken;
    uint16_t priority;
    uint16_t weight;
    uint16_t port;
    struct sip_locate_name name;
};

struct sip_locate_place {
    enum sip_transport transport;
    uint16_t port;
    struct sip_locate_name host;
};

struct sip_locate_candidate {
    struct sip_locate_place place;
    struct sip_ip ip;
    bool is_put_off; /* until all others have been tried */
};

struct sip_locate {
    struct sip_locate_client client;
    bool is_sips;
    bool is_impossible;           /* by none of our transports */
    bool is_last_place;           /* `place` is the domain itself: there is nothing after it */
    bool has_failed;              /* some question has: what is missing may be there after all */
    enum sip_transport transport; /* when SRV does not say another */
    struct sip_locate_name domain;
    uint64_t random;

    enum sip_question_state naptr;
    size_t service_count;
    size_t service_at; /* whose targets are being visited */
    struct sip_locate_service services[SIP_LOCATE_MAX_SERVICES]; /* the preferred first */
    size_t target_count;
    struct sip_locate_target targets[SIP_LOCATE_MAX_TARGETS]; /* by service and priority */

    enum sip_question_state addresses; /* the question for those of `place` */
    struct sip_locate_place place;     /* being visited */
    size_t address_count;              /* of it, so far */
    size_t candidate_count;
    size_t candidate_at; /* the first that was not looked at yet */
    struct sip_locate_candidate candidates[SIP_LOCATE_MAX_CANDIDATES];

    size_t names_len;
    char names[SIP_LOCATE_MAX_NAMES];
};

/* RFC 3263 4, for a request to `uri`. `random` is any number that strangers cannot guess. */
void sip_locate_start(struct sip_locate *l, const struct sip_uri *uri,
                      const struct sip_locate_client *client, uint64_t random);

/*
 * RFC 3263 5, for a response whose topmost Via is `via`, after sending it to where the request came
 * from has failed.
 */
void sip_locate_start_response(struct sip_locate *l, const struct sip_via *via,
                               const struct sip_locate_client *client, uint64_t random);

/* The next of the questions to be asked now. False: no more at present. */
bool sip_locate_question(struct sip_locate *l, struct sip_question *out);

/*
 * The records of an answer, one after the other, CNAMEs having been followed, addresses in the
 * order of RFC 6724; then sip_locate_answered, also when there were none. What was not asked
 * changes nothing.
 */
void sip_locate_add_naptr(struct sip_locate *l, const struct sip_naptr *naptr);
void sip_locate_add_srv(struct sip_locate *l, uint8_t service, const struct sip_srv *srv);
void sip_locate_add_address(struct sip_locate *l, const struct sip_ip *ip);
void sip_locate_answered(struct sip_locate *l, const struct sip_question *question,
                         enum sip_answer answer);

enum sip_locate_result {
    SIP_LOCATED,        /* `out` is filled, its host valid as long as the machine */
    SIP_LOCATE_WAIT,    /* for answers */
    SIP_LOCATE_NO_MORE, /* all there is has been yielded, if there was any */
    SIP_LOCATE_LATER,   /* the same, but DNS failed to tell something: try again later */
    SIP_LOCATE_CANNOT,  /* nothing that a client with these transports can send to */
};

/*
 * The next candidate. Those that `dead` (NULL: nothing is remembered) says to avoid come after all
 * others.
 */
enum sip_locate_result sip_locate_next(struct sip_locate *l, struct sip_dead_targets *dead,
                                       uint64_t now_ms, struct sip_candidate *out);

/*
 * Whether there is another address of the place that was yielded last, to be tried side by side
 * with it: it becomes the next candidate. One of the other family goes before: RFC 8305 4.
 */
bool sip_locate_beside(struct sip_locate *l);

/*
 * The domain that was to be reached, which is what the certificate of a TLS server must be for (RFC
 * 5922 7.3), whatever host DNS named. Nothing, if it was a literal address.
 */
struct slice sip_locate_domain(const struct sip_locate *l);

#endif
