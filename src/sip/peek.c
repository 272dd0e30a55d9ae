/*
 * Looking for one header field: RFC 3261 20.8. The line ends are passed over, and of the lines
 * only the first bytes are looked at.
 */
#include "sip/peek.h"

#include "sip/match.h"

/*
 * The length of "Call-ID:" or "i:"; 0: another field, or one written with a space before its
 * colon. That one hides: if there is a second, the message is not sound.
 */
static inline size_t name_len(const char *at, size_t left)
{
    if (left >= 2 && at[1] == ':')
        return ascii_lower(at[0]) == 'i' ? 2 : 0;
    if (left >= 8 && at[7] == ':' && slice_equal_nocase((struct slice){at, 7}, SLICE("Call-ID")))
        return 8;
    return 0;
}

/* What stands between the name and the line end; a fold is for the parser. */
static bool read_value(const char *at, struct matches *newlines, struct slice *out)
{
    const char *newline = next_match(newlines);

    if (newline == NULL || newlines->end - newline < 2 || newline[1] == ' ' || newline[1] == '\t')
        return false;
    *out = slice_trim(slice_between(at, newline));
    return out->len > 0;
}

bool sip_peek_call_id(struct slice bytes, struct slice *out)
{
    struct matches newlines = matches_in(bytes.ptr, slice_end(bytes), '\n');
    const char *newline;

    while ((newline = next_match(&newlines)) != NULL) {
        const char *at = newline + 1;
        if (at == newlines.end || *at == '\r' || *at == '\n')
            return false; /* the empty line, or more than one before the start line */
        size_t len = name_len(at, (size_t)(newlines.end - at));
        if (len > 0)
            return read_value(at + len, &newlines, out);
    }
    return false;
}
