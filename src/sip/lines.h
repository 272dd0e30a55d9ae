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
    bool sees_text;          /* the next line is neither empty nor a fold; false says nothing */
    bool has_folds;          /* so far: eat_unfolded_line has seen one */
};

/* A text that does not begin with a line end. */
static inline struct lines lines_in(const char *at, const char *end)
{
    return (struct lines){at, end, matches_in(at, end, '\n'), false, false};
}

/* The line that ends with this newline, which is not the first byte, without its CRLF or LF. */
static inline struct slice take_line(struct lines *lines, const char *newline)
{
    const char *start = lines->at;

    lines->at = newline + 1;
    return slice_between(start, newline[-1] == '\r' ? newline - 1 : newline);
}

/* A line. False: there is no line end any more. */
static inline bool eat_line(struct lines *lines, struct slice *out)
{
    const char *newline = next_match(&lines->newlines);

    if (newline != NULL)
        *out = take_line(lines, newline);
    return newline != NULL;
}

static inline bool sees_blank(const char *at, const char *end)
{
    return at < end && (*at == ' ' || *at == '\t');
}

/* RFC 3261 7.3.1: a line that begins with white space belongs to the one before. */
static inline bool eat_unfolded_line(struct lines *lines, struct slice *out)
{
    const char *newline = next_match(&lines->newlines);

    if (newline == NULL)
        return false;
    lines->sees_text = newline + 1 < lines->end && (unsigned char)newline[1] > ' ';
    while (!lines->sees_text && sees_blank(newline + 1, lines->end)) {
        lines->has_folds = true;
        newline = next_match(&lines->newlines);
        if (newline == NULL)
            return false;
    }
    *out = take_line(lines, newline);
    return true;
}

/* The empty line ends the header fields, even if white space follows: that is the body's. */
static inline bool eat_empty_line(struct lines *lines)
{
    size_t left = (size_t)(lines->end - lines->at);

    if (lines->sees_text)
        return false;
    if (left >= 1 && lines->at[0] == '\n')
        lines->at += 1;
    else if (left >= 2 && lines->at[0] == '\r' && lines->at[1] == '\n')
        lines->at += 2;
    else
        return false;
    return true;
}

#endif
