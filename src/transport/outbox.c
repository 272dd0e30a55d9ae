/* One buffer and a list of where its messages end, both emptied when all has been written. */
#include "transport/outbox.h"

#include <stdlib.h>

enum {
    FIRST_BYTES = 2048,
    FIRST_ENDS = 8,
    KEPT_BYTES = 8192, /* more is given back when the box is empty: most connections are silent */
};

void outbox_fini(struct outbox *box)
{
    free(box->bytes);
    free(box->ends);
    *box = (struct outbox){0};
}

static size_t grown(size_t size, size_t first, size_t needed)
{
    size = size > 0 ? size : first;
    while (size < needed)
        size *= 2;
    return size;
}

static bool make_room(struct outbox *box, size_t needed)
{
    size_t size = grown(box->size, FIRST_BYTES, needed);
    char *bytes;

    if (size == box->size)
        return true;
    bytes = realloc(box->bytes, size);
    if (bytes == NULL)
        return false;
    box->bytes = bytes;
    box->size = size;
    return true;
}

static bool make_room_for_end(struct outbox *box)
{
    size_t size = grown(box->end_size, FIRST_ENDS, box->end_count + 1);
    size_t *ends;

    if (size == box->end_size)
        return true;
    ends = realloc(box->ends, size * sizeof(*ends));
    if (ends == NULL)
        return false;
    box->ends = ends;
    box->end_size = size;
    return true;
}

/* Where the first message begins that is not wholly written. */
static size_t first_start(const struct outbox *box)
{
    return box->first > 0 ? box->ends[box->first - 1] : 0;
}

/* A box that never runs empty must not grow for ever: what has left makes room. */
static void drop_written(struct outbox *box)
{
    size_t start = first_start(box);

    memmove(box->bytes, box->bytes + start, box->len - start);
    box->len -= start;
    box->written -= start;
    for (size_t i = box->first; i < box->end_count; i++)
        box->ends[i - box->first] = box->ends[i] - start;
    box->end_count -= box->first;
    box->first = 0;
}

bool outbox_add(struct outbox *box, struct slice message)
{
    if (first_start(box) > box->len / 2)
        drop_written(box);
    if (!make_room(box, box->len + message.len) || !make_room_for_end(box))
        return false;
    memcpy(box->bytes + box->len, message.ptr, message.len);
    box->len += message.len;
    box->ends[box->end_count++] = box->len;
    return true;
}

struct slice outbox_unwritten(const struct outbox *box)
{
    if (box->len == 0)
        return SLICE_NONE;
    return (struct slice){box->bytes + box->written, box->len - box->written};
}

bool outbox_look(const struct outbox *box, size_t at, struct slice *out)
{
    size_t start = box->written + at;
    size_t i = box->first;

    while (i < box->end_count && box->ends[i] <= start)
        i++;
    if (i == box->end_count)
        return false;
    *out = (struct slice){box->bytes + start, box->ends[i] - start};
    return true;
}

static void empty(struct outbox *box)
{
    if (box->size > KEPT_BYTES) {
        outbox_fini(box);
        return;
    }
    box->len = 0;
    box->written = 0;
    box->end_count = 0;
    box->first = 0;
}

size_t outbox_wrote(struct outbox *box, size_t count)
{
    size_t complete = 0;

    box->written += count;
    while (box->first < box->end_count && box->ends[box->first] <= box->written) {
        box->first++;
        complete++;
    }
    if (box->written == box->len)
        empty(box);
    return complete;
}

bool outbox_take(struct outbox *box, struct slice *out)
{
    if (box->first == box->end_count)
        return false;
    size_t start = first_start(box);
    *out = (struct slice){box->bytes + start, box->ends[box->first] - start};
    box->first++;
    return true;
}
