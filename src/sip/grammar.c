/* The basic rules of RFC 3261 25.1, and the table of which character belongs to which. */
#include "sip/grammar.h"

#include "sip/match.h"

/* What letters and digits are members of, and what else is in nearly as many sets. */
#define IN_URI_PARTS (CHAR_UNRESERVED | CHAR_USER | CHAR_PASSWORD | CHAR_PARAM | CHAR_HEADER)
#define IN_TEXT      (CHAR_QUOTED | CHAR_VALUE)
#define IN_URI       (CHAR_URI | IN_TEXT)
#define MARK         (CHAR_TOKEN | CHAR_WORD | IN_URI_PARTS | IN_URI)
#define ALPHANUM     (MARK | CHAR_LABEL)
#define LETTER       (ALPHANUM | CHAR_ALPHA)

const uint16_t sip_char_sets[256] = {
    ['A' ... 'F'] = LETTER | CHAR_HEXDIG,
    ['G' ... 'Z'] = LETTER,
    ['a' ... 'f'] = LETTER | CHAR_HEXDIG,
    ['g' ... 'z'] = LETTER,
    ['0' ... '9'] = ALPHANUM | CHAR_DIGIT | CHAR_HEXDIG,

    ['-'] = MARK | CHAR_LABEL,
    ['.'] = MARK,
    ['_'] = MARK | CHAR_LABEL,
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
const char *sip_blanks_end(const char *at, const char *end)
{
    struct cursor c = {at, end};

    while (eat_char(&c, ' ') || eat_char(&c, '\t') || eat_fold(&c))
        continue;
    return c.at;
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

/* *( qdtext without folds and tabs ), 16 bytes at a time as long as there are so many. */
static const char *plain_text_end(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        uint32_t special = special16(at);
        if (special != 0)
            return at + __builtin_ctz(special);
    }
    return at;
}

/* DQUOTE *( qdtext / quoted-pair ) DQUOTE */
const char *sip_quoted_end(const char *at, const char *end)
{
    struct cursor c = {plain_text_end(at + 1, end), end};
    struct slice run;

    if (!at_end(&c) && *c.at == '"')
        return c.at + 1;
    while (eat_run(&c, CHAR_QUOTED, &run) || eat_space(&c) || eat_quoted_pair(&c))
        continue;
    return eat_char(&c, '"') ? c.at : NULL;
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
