/* A list of cuts and insertions, kept in the order of the message, and its application. */
#include "sip/edit.h"

#include <assert.h>

void sip_edits_init(struct sip_edits *edits, const struct sip_message *msg)
{
    edits->msg = msg;
    edits->count = 0;
    edits->overflowed = false;
}

/*
 * Whether the last one puts in, at the same place, what lies in memory before it: then that has
 * become longer.
 */
static bool is_continued(struct sip_edits *edits, const struct sip_edit *edit)
{
    for (size_t i = edits->count; i-- > 0 && edits->items[i].at >= edit->at;) {
        struct sip_edit *last = &edits->items[i];
        if (last->at != edit->at)
            continue;
        if (last->cut > 0 || edit->cut > 0 || slice_end(last->insert) != edit->insert.ptr)
            return false;
        last->insert.len += edit->insert.len;
        return true;
    }
    return false;
}

static void add(struct sip_edits *edits, struct sip_edit edit)
{
    if (edits->count == SIP_MAX_EDITS) {
        edits->overflowed = true;
        return;
    }
    if (is_continued(edits, &edit))
        return;
    size_t i = edits->count++;
    for (; i > 0 && edits->items[i - 1].at > edit.at; i--)
        edits->items[i] = edits->items[i - 1];
    edits->items[i] = edit;
}

void sip_edits_replace(struct sip_edits *edits, struct slice piece, struct slice by)
{
    struct slice all = edits->msg->bytes;

    assert(piece.ptr >= all.ptr && slice_end(piece) <= slice_end(all) && all.len <= UINT32_MAX);
    add(edits, (struct sip_edit){
                   .at = (uint32_t)(piece.ptr - all.ptr),
                   .cut = (uint32_t)piece.len,
                   .insert = by,
               });
}

/* From the name to the line end that no fold follows. */
static struct slice whole_field(const struct sip_message *msg, const struct sip_header *header)
{
    const char *end = slice_end(msg->bytes);
    const char *at = header->name.ptr;

    do
        at += slice_find(slice_between(at, end), '\n') + 1;
    while (at < end && (*at == ' ' || *at == '\t'));
    return slice_between(header->name.ptr, at < end ? at : end);
}

void sip_edits_remove_header(struct sip_edits *edits, const struct sip_header *header)
{
    sip_edits_replace(edits, whole_field(edits->msg, header), SLICE_NONE);
}

void sip_edits_remove_first_value(struct sip_edits *edits, enum sip_header_id id)
{
    struct sip_values values = sip_values_of(edits->msg, id);
    struct slice first, second;

    if (!sip_values_next(&values, &first))
        return;
    const struct sip_header *header = values.header;
    if (sip_values_next(&values, &second) && values.header == header)
        sip_edits_replace(edits, slice_between(header->value.ptr, second.ptr), SLICE_NONE);
    else
        sip_edits_remove_header(edits, header);
}

void sip_edits_insert_before(struct sip_edits *edits, enum sip_header_id id, struct slice lines)
{
    const struct sip_message *msg = edits->msg;
    const struct sip_header *header = sip_message_header(msg, id);

    if (header == NULL && msg->header_count > 0)
        header = &msg->headers[0];
    if (header == NULL)
        sip_edits_append(edits, lines);
    else
        sip_edits_replace(edits, (struct slice){header->name.ptr, 0}, lines);
}

void sip_edits_append(struct sip_edits *edits, struct slice lines)
{
    const struct sip_message *msg = edits->msg;

    sip_edits_replace(edits, (struct slice){msg->bytes.ptr + msg->header_end, 0}, lines);
}

bool sip_edits_apply(const struct sip_edits *edits, struct buffer *out)
{
    struct slice rest = edits->msg->bytes;

    for (size_t i = 0; i < edits->count; i++) {
        const struct sip_edit *edit = &edits->items[i];
        const char *at = edits->msg->bytes.ptr + edit->at;
        if (at > rest.ptr) { /* not where another edit has just cut */
            buffer_add(out, slice_between(rest.ptr, at));
            rest = slice_between(at, slice_end(rest));
        }
        buffer_add(out, edit->insert);
        if (at == rest.ptr)
            rest = slice_after(rest, edit->cut);
    }
    buffer_add(out, rest);
    return !out->overflowed && !edits->overflowed;
}
