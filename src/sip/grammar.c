/* The basic rules of RFC 3261 25.1, and the table of which character belongs to which. */
#include "sip/grammar.h"

/* What letters and digits are members of, and what else is in nearly as many sets. */
#define IN_URI_PARTS (CHAR_UNRESERVED | CHAR_USER | CHAR_PASSWORD | CHAR_PARAM | CHAR_HEADER)
#define IN_TEXT      (CHAR_QUOTED | CHAR_VALUE)
#define IN_URI       (CHAR_URI | IN_TEXT)
#define MARK         (CHAR_TOKEN | CHAR_WORD | IN_URI_PARTS | IN_URI)
#define ALPHANUM     (MARK | CHAR_HOST)
#define LETTER       (ALPHANUM | CHAR_ALPHA)

const uint16_t sip_char_sets[256] = {
    ['A' ... 'F'] = LETTER | CHAR_HEXDIG,
    ['G' ... 'Z'] = LETTER,
    ['a' ... 'f'] = LETTER | CHAR_HEXDIG,
    ['g' ... 'z'] = LETTER,
    ['0' ... '9'] = ALPHANUM | CHAR_DIGIT | CHAR_HEXDIG,

    ['-'] = MARK | CHAR_HOST,
    ['.'] = MARK | CHAR_HOST,
    ['_'] = MARK | CHAR_HOST,
    ['!'] = MARK,
    ['~'] = MARK,
    ['*'] = MARK,
    ['\''] = MARK,
    ['('] = CHAR_WORD | IN_URI_PARTS | IN_URI,
    [')'] = CHAR_WORD | IN_URI_PARTS | IN_URI,

    ['%'] = CHAR_TOKEN | CHAR_WORD | IN_URI,
    ['`'] = CHAR_TOKEN | CHAR_WORD | IN_TEXT,
    ['+'] = CHAR_TOKEN | CHAR_WORD | CHAR_USER | CHAR_PASSWORD | CHAR_PARAM | CHAR_HEADER | IN_URI,

    ['&'] = CHAR_USER | CHAR_PASSWORD | CHAR_PARAM | IN_URI,
    ['$'] = CHAR_USER | CHAR_PASSWORD | CHAR_PARAM | CHAR_HEADER | IN_URI,
    ['='] = CHAR_USER | CHAR_PASSWORD | IN_URI,
    [','] = CHAR_USER | CHAR_PASSWORD | CHAR_URI | CHAR_QUOTED,
    [';'] = CHAR_USER | CHAR_URI | CHAR_QUOTED,
    ['?'] = CHAR_WORD | CHAR_USER | CHAR_HEADER | IN_URI,
    ['/'] = CHAR_WORD | CHAR_USER | CHAR_PARAM | CHAR_HEADER | IN_URI,
    [':'] = CHAR_WORD | CHAR_PARAM | CHAR_HEADER | IN_URI,
    ['['] = CHAR_WORD | CHAR_PARAM | CHAR_HEADER | IN_URI,
    [']'] = CHAR_WORD | CHAR_PARAM | CHAR_HEADER | IN_URI,
    ['@'] = IN_URI,

    ['<'] = CHAR_WORD | CHAR_QUOTED,
    ['>'] = CHAR_WORD | CHAR_QUOTED,
    ['{'] = CHAR_WORD | IN_TEXT,
    ['}'] = CHAR_WORD | IN_TEXT,
    ['"'] = CHAR_WORD,
    ['\\'] = CHAR_WORD,
    ['#'] = IN_TEXT,
    ['^'] = IN_TEXT,
    ['|'] = IN_TEXT,

    /* UTF8-NONASCII and UTF8-CONT; whether they form characters is for who shows them. */
    [0x80 ... 0xff] = CHAR_QUOTED,
};

/* A line end and the white space that makes it a fold. */
static bool eat_fold(struct cursor *c)
{
    struct cursor ahead = *c;

    (void)eat_char(&ahead, '\r');
    if (!eat_char(&ahead, '\n') || (!eat_char(&ahead, ' ') && !eat_char(&ahead, '\t')))
        return false;
    *c = ahead;
    return true;
}

/* LWS = [CRLF] 1*WSP (erratum 7529), any number of times: a fold of nothing but space is one. */
bool eat_blanks(struct cursor *c)
{
    const char *start = c->at;

    while (eat_char(c, ' ') || eat_char(c, '\t') || eat_fold(c))
        continue;
    return c->at > start;
}

bool eat_word(struct cursor *c, const char *word)
{
    const char *at = c->at;

    for (; *word != '\0'; word++, at++) {
        if (at == c->end || (*at != *word && ascii_lower(*at) != ascii_lower(*word)))
            return false;
    }
    if (at < c->end && sip_char_is(*at, CHAR_TOKEN))
        return false;
    c->at = at;
    return true;
}

/* quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F) */
static bool eat_quoted_pair(struct cursor *c)
{
    if (c->end - c->at < 2 || *c->at != '\\')
        return false;
    if (c->at[1] == '\r' || c->at[1] == '\n' || (unsigned char)c->at[1] >= 0x80)
        return false;
    c->at += 2;
    return true;
}

/* quoted-string = SWS DQUOTE *( qdtext / quoted-pair ) DQUOTE */
bool eat_quoted(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    struct slice run;

    skip_space(c);
    if (eat_char(c, '"')) {
        const char *text = c->at;
        while (eat_run(c, CHAR_QUOTED, &run) || eat_space(c) || eat_quoted_pair(c))
            continue;
        *out = eaten_since(c, text);
        if (eat_char(c, '"'))
            return true;
    }
    c->at = start;
    return false;
}

/* ctext is qdtext with DQUOTE and without parentheses */
static bool eat_comment_text(struct cursor *c)
{
    return (!at_end(c) && *c->at != '(' && *c->at != ')'
            && (sip_char_is(*c->at, CHAR_QUOTED) || *c->at == '"') && eat_char(c, *c->at))
           || eat_space(c) || eat_quoted_pair(c);
}

/* comment = LPAREN *( ctext / quoted-pair / comment ) RPAREN */
bool eat_comment(struct cursor *c)
{
    struct cursor ahead = *c;
    size_t depth = 1;

    if (!eat_mark(&ahead, '('))
        return false;
    while (depth > 0) {
        if (eat_char(&ahead, '('))
            depth++;
        else if (eat_char(&ahead, ')'))
            depth--;
        else if (!eat_comment_text(&ahead))
            return false;
    }
    skip_space(&ahead);
    *c = ahead;
    return true;
}

static bool eat_percent(struct cursor *c)
{
    if (c->end - c->at < 3 || c->at[0] != '%' || !sip_char_is(c->at[1], CHAR_HEXDIG)
        || !sip_char_is(c->at[2], CHAR_HEXDIG))
        return false;
    c->at += 3;
    return true;
}

bool eat_escaped(struct cursor *c, unsigned sets, struct slice *out)
{
    const char *start = c->at;
    struct slice run;

    while (eat_run(c, sets, &run) || eat_percent(c))
        continue;
    *out = eaten_since(c, start);
    return out->len > 0;
}
