/* Finding header fields in a message that was read, and the single values in lists: 7.3.1. */
#include "sip/message.h"

static const struct sip_header *at_index(const struct sip_message *msg, uint8_t index_plus_1)
{
    return index_plus_1 != 0 ? &msg->headers[index_plus_1 - 1] : NULL;
}

const struct sip_header *sip_message_header(const struct sip_message *msg, enum sip_header_id id)
{
    return at_index(msg, msg->first[id]);
}

const struct sip_header *sip_message_next(const struct sip_message *msg,
                                          const struct sip_header *header)
{
    return header->next != 0 ? &msg->headers[header->next] : NULL;
}

struct slice sip_message_value(const struct sip_message *msg, enum sip_header_id id)
{
    const struct sip_header *header = sip_message_header(msg, id);

    return header != NULL ? header->value : SLICE_NONE;
}

const struct sip_header *sip_message_named(const struct sip_message *msg, struct slice name)
{
    enum sip_header_id id = sip_header_find(name);
    const struct sip_header *header = sip_message_header(msg, id);

    if (id != SIP_UNKNOWN_HEADER)
        return header;
    while (header != NULL && !slice_equal_nocase(header->name, name))
        header = sip_message_next(msg, header);
    return header;
}

static void enter_field(struct sip_values *values, const struct sip_header *header)
{
    values->header = header;
    values->rest = header != NULL ? header->value : SLICE_NONE;
}

struct sip_values sip_values_of(const struct sip_message *msg, enum sip_header_id id)
{
    struct sip_values values = {.msg = msg};

    enter_field(&values, sip_message_header(msg, id));
    return values;
}

/* Where the quoted string that begins at `at` ends: behind its quote, or with the text. */
static size_t skip_quoted(struct slice text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        if (text.ptr[at] == '\\')
            at++;
    }
    return at < text.len ? at + 1 : text.len;
}

/* How much of `text` is its first value: up to a comma neither in quotes nor in angle brackets. */
static size_t find_comma(struct slice text)
{
    bool in_brackets = false;

    if (slice_find(text, ',') == text.len)
        return text.len;
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        if (c == '"' && !in_brackets) {
            at = skip_quoted(text, at);
            continue;
        }
        if (c == ',' && !in_brackets)
            return at;
        in_brackets = c == '<' || (in_brackets && c != '>');
        at++;
    }
    return text.len;
}

bool sip_list_next(struct slice *rest, struct slice *out)
{
    while (rest->len > 0) {
        size_t len = find_comma(*rest);
        struct slice value = slice_trim((struct slice){rest->ptr, len});

        *rest = slice_after(*rest, len + 1);
        if (value.len > 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* Of a field that is no list, all of it. */
static bool take_value(struct sip_values *values, struct slice *out)
{
    if (sip_header_row((enum sip_header_id)values->header->id)->arity == SIP_LIST)
        return sip_list_next(&values->rest, out);
    *out = values->rest;
    values->rest = SLICE_NONE;
    return out->len > 0;
}

bool sip_values_next(struct sip_values *values, struct slice *out)
{
    while (values->header != NULL) {
        if (take_value(values, out))
            return true;
        const struct sip_header *next = sip_message_next(values->msg, values->header);
        if (next == NULL)
            return false;
        enter_field(values, next);
    }
    return false;
}

bool sip_message_lists(const struct sip_message *msg, enum sip_header_id id, struct slice token)
{
    struct sip_values values = sip_values_of(msg, id);
    struct slice value;

    while (sip_values_next(&values, &value)) {
        if (slice_equal_nocase(value, token))
            return true;
    }
    return false;
}
