/*
 * The lines of a head, one after the other: RFC 3261 7 and 7.3.1. All of it is inline, so that the
 * reading position of whoever reads a message stays in registers.
 */
#ifndef TCHIN_SIP_LINES_H
#define TCHIN_SIP_LINES_H

#include "sip/match.h"

struct lines {
    const char *at; /* where the next line begins */
    const char *end;
    struct matches newlines; /* of which none is before `at` */
};

static inline struct lines lines_in(const char *at, const char *end)
{
    return (struct lines){at, end, matches_in(at, end, '\n')};
}

/* A line, without its CRLF or LF. False: there is no line end any more. */
static inline bool eat_line(struct lines *lines, struct slice *out)
{
    const char *start = lines->at;
    const char *newline = next_match(&lines->newlines);

    if (newline == NULL)
        return false;
    *out = slice_between(start, newline > start && newline[-1] == '\r' ? newline - 1 : newline);
    lines->at = newline + 1;
    return true;
}

/* Whether the next line begins with nothing that a fold or an empty line begins with. */
static inline bool sees_plain_line(const struct lines *lines)
{
    return lines->at < lines->end && (unsigned char)*lines->at > ' ';
}

static inline bool sees_fold(const struct lines *lines)
{
    return lines->at < lines->end && (*lines->at == ' ' || *lines->at == '\t');
}

/* RFC 3261 7.3.1: a line that begins with white space belongs to the one before. */
static inline bool eat_unfolded_line(struct lines *lines, struct slice *out)
{
    const char *start = lines->at;

    if (!eat_line(lines, out))
        return false;
    if (sees_plain_line(lines))
        return true;
    while (sees_fold(lines)) {
        if (!eat_line(lines, out))
            return false;
        *out = slice_between(start, slice_end(*out));
    }
    return true;
}

/* The empty line ends the header fields, even if white space follows: that is the body's. */
static inline bool eat_empty_line(struct lines *lines)
{
    if (sees_plain_line(lines))
        return false;

    size_t left = (size_t)(lines->end - lines->at);
    if (left >= 1 && lines->at[0] == '\n')
        lines->at += 1;
    else if (left >= 2 && lines->at[0] == '\r' && lines->at[1] == '\n')
        lines->at += 2;
    else
        return false;
    return true;
}

#endif
