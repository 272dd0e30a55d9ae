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
    CHAR_LABEL = 128,  /* of a host name: alphanum / "-" and, though none has one, "_" */
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

/* Where the bytes of these sets that begin at `at` end: four at a time, for it is in here that
 * parsing spends its time. */
static inline const char *run_end(const char *at, const char *end, unsigned sets)
{
    for (; end - at >= 4; at += 4) {
        if (!sip_char_is(at[0], sets))
            return at;
        if (!sip_char_is(at[1], sets))
            return at + 1;
        if (!sip_char_is(at[2], sets))
            return at + 2;
        if (!sip_char_is(at[3], sets))
            return at + 3;
    }
    while (at < end && sip_char_is(*at, sets))
        at++;
    return at;
}

/* 1*of these sets: what every token, word and number is eaten by */
static inline bool eat_run(struct cursor *c, unsigned sets, struct slice *out)
{
    const char *start = c->at;

    c->at = run_end(start, c->end, sets);
    *out = slice_between(start, c->at);
    return c->at > start;
}

/* Where the LWS that may begin at `at` ends. */
const char *sip_blanks_end(const char *at, const char *end);

/* LWS: at least one; mostly it is one space. */
static inline bool eat_space(struct cursor *c)
{
    const char *start = c->at;

    if (at_end(c) || (unsigned char)*start > ' ')
        return false;
    if (*start == ' ' && c->end - start > 1 && (unsigned char)start[1] > ' ')
        c->at++;
    else
        c->at = sip_blanks_end(start, c->end);
    return c->at > start;
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

/* These bytes, case included. */
static inline bool eat_text(struct cursor *c, struct slice text)
{
    if (!slice_starts_with(slice_between(c->at, c->end), text))
        return false;
    c->at += text.len;
    return true;
}

/* A token that is `word`, whatever its case. */
static inline bool eat_word(struct cursor *c, struct slice word)
{
    const char *start = c->at;

    if ((size_t)(c->end - start) < word.len
        || !slice_equal_nocase((struct slice){start, word.len}, word))
        return false;
    c->at += word.len;
    if (at_end(c) || !sip_char_is(*c->at, CHAR_TOKEN))
        return true;
    c->at = start;
    return false;
}

/* Where the quoted-string ends that begins at `at` with its quote; NULL: there is none. */
const char *sip_quoted_end(const char *at, const char *end);

/* quoted-string; `out` is what stands between the quotes, escapes included. */
static inline bool eat_quoted(struct cursor *c, struct slice *out)
{
    const char *start = c->at;

    skip_space(c);
    const char *end = !at_end(c) && *c->at == '"' ? sip_quoted_end(c->at, c->end) : NULL;
    if (end == NULL) {
        c->at = start;
        return false;
    }
    *out = slice_between(c->at + 1, end - 1);
    c->at = end;
    return true;
}

/* comment, with the comments in it */
bool eat_comment(struct cursor *c);

/* label = ( alphanum / "_" ) [ *( alphanum / "-" / "_" ) ( alphanum / "_" ) ] */
static inline bool eat_label(struct cursor *c)
{
    const char *start = c->at;
    struct slice label;

    if (eat_run(c, CHAR_LABEL, &label) && *start != '-' && c->at[-1] != '-')
        return true;
    c->at = start;
    return false;
}

/*
 * hostname = *( label "." ) label [ "." ], which has IPv4address within it. That the last label
 * begins with a letter is not asked for, as RFC 1123 2.1 found.
 */
static inline bool eat_hostname(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    bool has_dot = false;

    while (eat_label(c)) {
        has_dot = eat_char(c, '.');
        if (!has_dot)
            break;
    }
    *out = eaten_since(c, start);
    /* What might go on, but not so, is none: "a..b", "a.-b". */
    if (out->len > 0
        && (!has_dot || at_end(c) || (*c->at != '.' && !sip_char_is(*c->at, CHAR_LABEL))))
        return true;
    c->at = start;
    return false;
}

/* Where the IPv6reference ends that begins at `at` with its bracket; NULL: there is none. */
const char *sip_ipv6_reference_end(const char *at, const char *end);

/* hostname / IPv4address / IPv6reference; `out` without the brackets of the last. */
static inline bool eat_host(struct cursor *c, struct slice *out)
{
    if (at_end(c) || *c->at != '[')
        return eat_hostname(c, out);
    const char *end = sip_ipv6_reference_end(c->at, c->end);
    if (end == NULL)
        return false;
    *out = slice_between(c->at + 1, end - 1);
    c->at = end;
    return true;
}

/* IPv6address, without brackets */
bool sip_is_ipv6(struct slice text);

/* 1*DIGIT, not above `max` */
static inline bool eat_u32(struct cursor *c, uint32_t max, uint32_t *out)
{
    const char *at = c->at;
    uint64_t value = 0;

    for (; at < c->end && ascii_is_digit(*at) && value <= max; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    if (at == c->at || value > max)
        return false;
    c->at = at;
    *out = (uint32_t)value;
    return true;
}

/* 1*DIGIT, 1 to 65535 */
static inline bool eat_port(struct cursor *c, uint16_t *out)
{
    const char *start = c->at;
    uint32_t port;

    if (eat_u32(c, UINT16_MAX, &port) && port > 0) {
        *out = (uint16_t)port;
        return true;
    }
    c->at = start;
    return false;
}

static inline bool eat_percent(struct cursor *c)
{
    if (c->end - c->at < 3 || c->at[0] != '%' || !sip_char_is(c->at[1], CHAR_HEXDIG)
        || !sip_char_is(c->at[2], CHAR_HEXDIG))
        return false;
    c->at += 3;
    return true;
}

/* Any number of bytes of these sets and "%" HEXDIG HEXDIG; at least one. */
static inline bool eat_escaped(struct cursor *c, unsigned sets, struct slice *out)
{
    const char *start = c->at;
    struct slice run;

    do
        (void)eat_run(c, sets, &run);
    while (eat_percent(c));
    *out = eaten_since(c, start);
    return out->len > 0;
}

#endif
