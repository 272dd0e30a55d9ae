/*
 * Forwarding edits a message, it does not rebuild it: the received bytes and a short list of
 * places where something is cut out or put in. All other bytes pass through untouched.
 */
#ifndef TCHIN_SIP_EDIT_H
#define TCHIN_SIP_EDIT_H

#include "base/buffer.h"
#include "sip/message.h"

enum { SIP_MAX_EDITS = 32 };

struct sip_edit {
    uint32_t at;         /* offset in msg->bytes */
    uint32_t cut;        /* so many bytes are left out there ... */
    struct slice insert; /* ... and this is put there; must live until sip_edits_apply */
};

struct sip_edits {
    const struct sip_message *msg;
    size_t count;
    bool overflowed; /* more edits than SIP_MAX_EDITS: sip_edits_apply will say false */
    struct sip_edit items[SIP_MAX_EDITS]; /* in the order of `at`; of equal ones, as added */
};

void sip_edits_init(struct sip_edits *edits, const struct sip_message *msg);

/* `piece` is a slice of msg->bytes; empty, it says where to insert. Pieces must not overlap. */
void sip_edits_replace(struct sip_edits *edits, struct slice piece, struct slice by);

/* A whole header field, its line end and folds included. */
void sip_edits_remove_header(struct sip_edits *edits, const struct sip_header *header);

/* The first value of a list header; the whole field, if it is the only one in it. */
void sip_edits_remove_first_value(struct sip_edits *edits, enum sip_header_id id);

/* Text of whole header lines ("Name: value CRLF"), before the first field of that id, or before
 * the first header field of all when there is none. */
void sip_edits_insert_before(struct sip_edits *edits, enum sip_header_id id, struct slice lines);

/* Whole header lines at the end of the header fields. */
void sip_edits_append(struct sip_edits *edits, struct slice lines);

/* Writes the edited message. False: it did not fit, or there were too many edits. */
bool sip_edits_apply(const struct sip_edits *edits, struct buffer *out) MUST_USE;

#endif
