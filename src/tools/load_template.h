/*
 * A message with gaps: "Call-ID: {id}@tchin". What is the same in all messages is filled in once;
 * the rest each time, from a table of values.
 */
#ifndef TCHIN_TOOLS_LOAD_TEMPLATE_H
#define TCHIN_TOOLS_LOAD_TEMPLATE_H

#include "base/buffer.h"

/* The gaps; {name} in the text. */
enum load_field {
    FIELD_DOMAIN,    /* of the users */
    FIELD_TRANSPORT, /* UDP: as in Via */
    FIELD_PARAM,     /* ;transport=tcp, where it has to be said */
    FIELD_EXPIRES,
    FIELD_RUN,  /* differs from one tchin load to the next */
    FIELD_ONCE, /* the fields above are the same in all messages of a phase, those below not */
    FIELD_ID = FIELD_ONCE, /* of one transaction, registration or call */
    FIELD_STEP,            /* which request of it: a letter */
    FIELD_CSEQ,
    FIELD_CALLEE,
    FIELD_CALLER,
    FIELD_LOCAL,   /* where it is sent from */
    FIELD_CONTACT, /* where the callee listens */
    FIELD_LOGIN,   /* a line of credentials, or nothing */
    FIELD_TARGET,  /* of a dialog: RFC 3261 12.1.2, as are */
    FIELD_ROUTES,  /* its Route lines */
    FIELD_TO,      /* and the value of To */
    FIELD_COUNT,
};

enum { LOAD_TEMPLATE_BYTES = 2048, LOAD_TEMPLATE_GAPS = 24 };

struct load_template {
    char text[LOAD_TEMPLATE_BYTES];
    size_t gap_count;
    struct {
        uint16_t end; /* of the text before the gap */
        uint8_t field;
    } gaps[LOAD_TEMPLATE_GAPS + 1]; /* the last is the end of all */
};

/* Fills in values[0] to values[FIELD_ONCE - 1]. False: it does not fit. */
bool load_template_init(struct load_template *template, const char *text,
                        const struct slice values[FIELD_COUNT]) MUST_USE;

void load_template_write(const struct load_template *template,
                         const struct slice values[FIELD_COUNT], struct buffer *out);

#endif
