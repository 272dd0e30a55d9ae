/*
 * The basic rules of RFC 3261 25.1, as functions that eat them off the front of a text. An eat_
 * function consumes what it names and says true, or consumes nothing and says false.
 *
 * White space between tokens may be a fold (a line end followed by space); LWS and SWS take it.
 */
#ifndef TCHIN_SIP_GRAMMAR_H
#define TCHIN_SIP_GRAMMAR_H

#include "base/slice.h"

struct cursor {
    const char *at;
    const char *end;
};

static inline struct cursor cursor_over(struct slice text)
{
    return (struct cursor){text.ptr, text.len > 0 ? text.ptr + text.len : text.ptr};
}

static inline bool at_end(const struct cursor *c)
{
    return c->at == c->end;
}

/* What was eaten since `start`. */
static inline struct slice eaten_since(const struct cursor *c, const char *start)
{
    return slice_between(start, c->at);
}

static inline bool eat_char(struct cursor *c, char byte)
{
    if (at_end(c) || *c->at != byte)
        return false;
    c->at++;
    return true;
}

/* Sets of characters: bits for sip_char_is. */
enum {
    CHAR_TOKEN = 1,      /* alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~" */
    CHAR_WORD = 2,       /* of Call-ID: token and ()<>:\"/[]?{} */
    CHAR_UNRESERVED = 4, /* of URIs: alphanum / mark */
    CHAR_USER = 8,       /* unreserved / user-unreserved, without escapes */
    CHAR_PASSWORD = 16,
    CHAR_PARAM = 32,   /* paramchar of URI parameters */
    CHAR_HEADER = 64,  /* hnv-unreserved / unreserved: the headers part of a URI */
    CHAR_HOST = 128,   /* alphanum / "-" / "." and, though no host name has one, "_" */
    CHAR_QUOTED = 256, /* of quoted strings what stands for itself: qdtext without LWS */
    CHAR_VALUE = 512,  /* of parameter values: all that is visible but ",;<>\ and quotes */
    CHAR_URI = 1024,   /* of any URI: reserved / unreserved / "%" / "[" / "]" */
    CHAR_ALPHA = 2048,
    CHAR_DIGIT = 4096,
    CHAR_HEXDIG = 8192,
};

extern const uint16_t sip_char_sets[256];

static inline bool sip_char_is(char c, unsigned sets)
{
    return (sip_char_sets[(unsigned char)c] & sets) != 0;
}

/*
 * 1*of these sets: what every token, word and number is eaten by, and where parsing spends its
 * time. Hence four at a time.
 */
static inline bool eat_run(struct cursor *c, unsigned sets, struct slice *out)
{
    const char *at = c->at;
    const char *end = c->end;

    while (end - at >= 4 && sip_char_is(at[0], sets) && sip_char_is(at[1], sets)
           && sip_char_is(at[2], sets) && sip_char_is(at[3], sets))
        at += 4;
    while (at < end && sip_char_is(*at, sets))
        at++;
    *out = slice_between(c->at, at);
    c->at = at;
    return out->len > 0;
}

/* LWS where a byte is seen that may begin it. */
bool eat_blanks(struct cursor *c);

/* LWS: at least one */
static inline bool eat_space(struct cursor *c)
{
    return !at_end(c) && (unsigned char)*c->at <= ' ' && eat_blanks(c);
}

/* SWS: any number, none included */
static inline void skip_space(struct cursor *c)
{
    (void)eat_space(c);
}

/* SWS, the mark, SWS: STAR, SLASH, EQUAL, SEMI, COMMA, COLON ... */
static inline bool eat_mark(struct cursor *c, char mark)
{
    const char *start = c->at;

    skip_space(c);
    if (!eat_char(c, mark)) {
        c->at = start;
        return false;
    }
    skip_space(c);
    return true;
}

static inline bool eat_token(struct cursor *c, struct slice *out)
{
    return eat_run(c, CHAR_TOKEN, out);
}

/* 1*DIGIT */
static inline bool eat_digits(struct cursor *c, struct slice *out)
{
    return eat_run(c, CHAR_DIGIT, out);
}

/* A token that is `word`, whatever its case. */
bool eat_word(struct cursor *c, const char *word);

/* quoted-string; `out` is what stands between the quotes, escapes included. */
bool eat_quoted(struct cursor *c, struct slice *out);

/* comment, with the comments in it */
bool eat_comment(struct cursor *c);

/* hostname / IPv4address / IPv6reference; `out` without the brackets of the last. */
bool eat_host(struct cursor *c, struct slice *out);

/* IPv6address, without brackets */
bool sip_is_ipv6(struct slice text);

/* 1*DIGIT, 1 to 65535 */
bool eat_port(struct cursor *c, uint16_t *out);

/* Any number of bytes of these sets and "%" HEXDIG HEXDIG; at least one. */
bool eat_escaped(struct cursor *c, unsigned sets, struct slice *out);

#endif
