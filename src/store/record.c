/* Packing bindings, and reading them back without trusting a byte. */
#include "store/record.h"

#include <endian.h>
#include <stdlib.h>

enum { FIRST_VERSION = 1, VERSION = 2, HEAD_BYTES = 5, TEXTS = 7, FIRST_TEXTS = 6 };
enum { NUMBERS_BYTES = 8 + 4 + 2, INSTANCE_BYTES = 4 + 8 };
enum { Q_GIVEN = 0x8000, MAX_Q = 1000 };

/* In the order in which they are packed. */
static const size_t text_offsets[TEXTS] = {
    offsetof(struct binding, contact),  offsetof(struct binding, params),
    offsetof(struct binding, call_id),  offsetof(struct binding, path),
    offsetof(struct binding, flow),     offsetof(struct binding, user_agent),
    offsetof(struct binding, instance),
};

static struct slice get_text(const struct binding *binding, size_t i)
{
    struct slice text;

    memcpy(&text, (const char *)binding + text_offsets[i], sizeof(text));
    return text;
}

static void set_text(struct binding *binding, size_t i, struct slice text)
{
    memcpy((char *)binding + text_offsets[i], &text, sizeof(text));
}

static inline char *put_number(char *to, uint64_t value, size_t bytes)
{
    uint64_t little_endian = htole64(value);

    memcpy(to, &little_endian, bytes);
    return to + bytes;
}

static inline uint64_t number_at(const char *from, size_t bytes)
{
    uint64_t little_endian = 0;

    memcpy(&little_endian, from, bytes);
    return le64toh(little_endian);
}

static char *put_slice(char *to, struct slice s)
{
    if (s.len > 0)
        memcpy(to, s.ptr, s.len);
    return to + s.len;
}

/* 0: a text is longer than can be packed. */
static size_t binding_size(const struct binding *binding)
{
    size_t bytes = NUMBERS_BYTES + 2 * TEXTS;

    if (binding->instance.len > 0)
        bytes += INSTANCE_BYTES;
    for (size_t i = 0; i < TEXTS; i++) {
        struct slice text = get_text(binding, i);
        if (text.len > UINT16_MAX)
            return 0;
        bytes += text.len;
    }
    return bytes;
}

size_t record_size(struct slice aor, const struct binding_list *bindings)
{
    size_t bytes = HEAD_BYTES + aor.len;

    if (aor.len > UINT16_MAX || bindings->count > UINT16_MAX)
        return 0;
    for (size_t i = 0; i < bindings->count; i++) {
        size_t more = binding_size(&bindings->items[i]);
        if (more == 0)
            return 0;
        bytes += more;
    }
    return bytes <= RECORD_MAX_BYTES ? bytes : 0;
}

static char *put_binding(char *to, const struct binding *binding)
{
    to = put_number(to, binding->expires_at_ms, 8);
    to = put_number(to, binding->cseq, 4);
    to = put_number(to, binding->q_thousandths | (binding->has_q ? Q_GIVEN : 0U), 2);
    for (size_t i = 0; i < TEXTS; i++)
        to = put_number(to, get_text(binding, i).len, 2);
    for (size_t i = 0; i < TEXTS; i++)
        to = put_slice(to, get_text(binding, i));
    if (binding->instance.len == 0)
        return to;
    to = put_number(to, binding->reg_id, 4);
    return put_number(to, binding->since_ms, 8);
}

void record_write(struct slice aor, const struct binding_list *bindings, char *to)
{
    to = put_number(to, VERSION, 1);
    to = put_number(to, bindings->count, 2);
    to = put_number(to, aor.len, 2);
    to = put_slice(to, aor);
    for (size_t i = 0; i < bindings->count; i++)
        to = put_binding(to, &bindings->items[i]);
}

static struct record *allocate(size_t packed_len)
{
    struct record *record = malloc(offsetof(struct record, packed) + packed_len);

    if (record != NULL) {
        record->log_id = 0;
        record->request = 0;
        record->note = 0;
        record->len = (uint32_t)packed_len;
    }
    return record;
}

enum err record_new(struct slice aor, const struct binding_list *bindings, struct record **out)
{
    size_t bytes = record_size(aor, bindings);

    if (bytes == 0)
        return ERR_FULL;
    struct record *record = allocate(bytes);
    if (record == NULL)
        return ERR_MEMORY;
    record_write(aor, bindings, record->packed);
    *out = record;
    return ERR_NONE;
}

static size_t before_bindings(const struct record *record)
{
    return HEAD_BYTES + record_aor(record_bytes(record)).len;
}

bool record_only_fits(const struct record *record, const struct binding *binding)
{
    return record->packed[0] == VERSION
           && before_bindings(record) + binding_size(binding) == record->len;
}

void record_set_only(struct record *record, const struct binding *binding)
{
    put_binding(record->packed + before_bindings(record), binding);
}

struct record *record_copy(struct slice packed)
{
    struct record *record = allocate(packed.len);

    if (record != NULL)
        memcpy(record->packed, packed.ptr, packed.len);
    return record;
}

bool record_open(struct slice bytes, struct record_reader *out)
{
    if (bytes.len < HEAD_BYTES)
        return false;

    uint64_t version = number_at(bytes.ptr, 1);
    if (version != VERSION && version != FIRST_VERSION)
        return false;
    size_t aor_len = number_at(bytes.ptr + 3, 2);
    struct slice rest = slice_after(bytes, HEAD_BYTES);
    if (aor_len > rest.len)
        return false;
    *out = (struct record_reader){
        .aor = {rest.ptr, aor_len},
        .texts = version == VERSION ? TEXTS : FIRST_TEXTS,
        .bindings_left = number_at(bytes.ptr + 1, 2),
        .rest = slice_after(rest, aor_len),
    };
    return true;
}

static bool take_texts(const char *lengths, size_t texts, struct slice *rest, struct binding *out)
{
    const char *at = rest->ptr, *end = at + rest->len;

    for (size_t i = 0; i < texts; i++) {
        size_t len = number_at(lengths + 2 * i, 2);
        if (len > (size_t)(end - at))
            return false;
        set_text(out, i, (struct slice){at, len});
        at += len;
    }
    *rest = slice_between(at, end);
    return true;
}

static bool take_instance(struct slice *rest, struct binding *out)
{
    if (out->instance.len == 0)
        return true;
    if (rest->len < INSTANCE_BYTES)
        return false;
    out->reg_id = (uint32_t)number_at(rest->ptr, 4);
    out->since_ms = number_at(rest->ptr + 4, 8);
    *rest = slice_after(*rest, INSTANCE_BYTES);
    return true;
}

bool record_next(struct record_reader *reader, struct binding *out)
{
    const char *from = reader->rest.ptr;
    size_t head_bytes = NUMBERS_BYTES + 2 * reader->texts;

    if (reader->bindings_left == 0 || reader->rest.len < head_bytes)
        return false;

    uint16_t q = (uint16_t)number_at(from + 12, 2);
    *out = (struct binding){
        .expires_at_ms = number_at(from, 8),
        .cseq = (uint32_t)number_at(from + 8, 4),
        .q_thousandths = q & (Q_GIVEN - 1),
        .has_q = (q & Q_GIVEN) != 0,
    };
    struct slice rest = slice_after(reader->rest, head_bytes);
    if (out->q_thousandths > MAX_Q || !take_texts(from + NUMBERS_BYTES, reader->texts, &rest, out)
        || !take_instance(&rest, out))
        return false;
    reader->rest = rest;
    reader->bindings_left--;
    return true;
}

bool record_measure(struct slice bytes, size_t *len)
{
    struct record_reader reader;
    struct binding binding;

    if (!record_open(bytes, &reader))
        return false;
    while (record_next(&reader, &binding))
        ;
    size_t used = bytes.len - reader.rest.len;
    if (reader.bindings_left > 0 || used > RECORD_MAX_BYTES)
        return false;
    *len = used;
    return true;
}

struct slice record_aor(struct slice packed)
{
    return (struct slice){packed.ptr + HEAD_BYTES, number_at(packed.ptr + 3, 2)};
}

size_t record_binding_count(struct slice packed)
{
    return number_at(packed.ptr + 1, 2);
}

bool record_is_over(struct slice packed, uint64_t now_ms)
{
    struct record_reader reader;
    struct binding binding;

    if (!record_open(packed, &reader))
        return true;
    while (record_next(&reader, &binding)) {
        if (binding.expires_at_ms > now_ms)
            return false;
    }
    return true;
}

static bool list(struct slice packed, bool wants_all, uint64_t now_ms, struct arena *arena,
                 struct binding_list *out)
{
    struct binding *items =
        arena_alloc(arena, record_binding_count(packed) * sizeof(struct binding));
    struct record_reader reader;
    size_t count = 0;

    if (items == NULL || !record_open(packed, &reader))
        return false;
    while (record_next(&reader, &items[count]))
        count += wants_all || items[count].expires_at_ms > now_ms;
    *out = (struct binding_list){items, count};
    return true;
}

bool record_list(struct slice packed, uint64_t now_ms, struct arena *arena,
                 struct binding_list *out)
{
    return list(packed, false, now_ms, arena, out);
}

bool record_list_all(struct slice packed, struct arena *arena, struct binding_list *out)
{
    return list(packed, true, 0, arena, out);
}
