/* What stands in quotes is no comment; nor are slashes within a word, such as a path. */
#include "server/comments.h"

#include <stdbool.h>
#include <string.h>

static size_t skip_quoted(const char *text, size_t len, size_t at)
{
    char quote = text[at++];

    while (at < len && text[at] != quote)
        at += text[at] == '\\' ? 2 : 1;
    return at + 1;
}

static bool begins_word(const char *text, size_t at)
{
    return at == 0 || strchr(" \t\r\n={}(),\"'", text[at - 1]) != NULL;
}

/* Where the comment that begins at `at` ends; `at` itself: none does. */
static size_t comment_end(const char *text, size_t len, size_t at)
{
    bool is_slashed = text[at] == '/' && at + 1 < len && begins_word(text, at);

    if (is_slashed && text[at + 1] == '*') {
        const char *end = memmem(text + at + 2, len - at - 2, "*/", 2);
        return end != NULL ? (size_t)(end - text) + 2 : len;
    }
    if (text[at] == '#' || (is_slashed && text[at + 1] == '/')) {
        const char *end = memchr(text + at, '\n', len - at);
        return end != NULL ? (size_t)(end - text) : len;
    }
    return at;
}

void comments_blank(char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        if (text[at] == '"' || text[at] == '\'') {
            at = skip_quoted(text, len, at);
            continue;
        }
        size_t end = comment_end(text, len, at);
        for (; at < end; at++)
            text[at] = text[at] == '\n' ? '\n' : ' ';
        if (at < len && text[at] != '"' && text[at] != '\'')
            at++;
    }
}
