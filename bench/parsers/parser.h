/*
 * What a parser has to do in this comparison: one message, these fields, and everything freed that
 * it took. One p_NAME.c for each parser; bench.c measures it.
 */
#ifndef TCHIN_BENCH_PARSER_H
#define TCHIN_BENCH_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Text may point into the message. NULL and 0: it is not there. */
struct text {
    const char *ptr;
    size_t len;
};

struct fields {
    struct text method, uri_user, uri_host;
    struct text via_branch, via_host; /* of the topmost */
    struct text from_tag, to_tag;
    struct text call_id, cseq_method;
    struct text contact_user, contact_host;
    uint32_t cseq, max_forwards, content_length;
};

static inline struct text text_of(const char *string)
{
    return (struct text){string, string != NULL ? strlen(string) : 0};
}

extern const char parser_name[];

/* Once, before the first message. */
void parser_start(void);

/*
 * `message` has a NUL behind its last byte and may be written into. `use` is called once with the
 * fields, before what they point into is freed. False: it was not understood.
 */
typedef void fields_user(const struct fields *fields);
bool parser_read(char *message, size_t len, fields_user *use);

#endif
