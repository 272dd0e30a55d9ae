/* Slots, their ids, and the requests that are written from them. */
#include <time.h>

#include "tools/load_inside.h"

enum { SLOT_DIGITS = 5, GENERATION_DIGITS = 7 };

void load_clock(struct load *load)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    load->now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    load->now_ms = load->now_ns / 1000000;
}

static void write_hex(char *out, int digits, uint32_t value)
{
    for (int i = digits - 1; i >= 0; i--, value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

static bool read_hex(const char *text, int digits, uint32_t *out)
{
    uint32_t value = 0;

    for (int i = 0; i < digits; i++) {
        int digit = ascii_hex_value(text[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    *out = value;
    return true;
}

void load_slot_id(const struct load *load, const struct load_slot *slot, char out[LOAD_ID_LEN])
{
    memcpy(out, load->run, LOAD_RUN_LEN);
    write_hex(out + LOAD_RUN_LEN, SLOT_DIGITS, (uint32_t)(slot - load->slots));
    write_hex(out + LOAD_RUN_LEN + SLOT_DIGITS, GENERATION_DIGITS, slot->generation);
}

struct load_slot *load_slot_find(const struct load *load, struct slice id, bool *is_late)
{
    uint32_t number, generation;

    *is_late = false;
    if (id.len < LOAD_ID_LEN || memcmp(id.ptr, load->run, LOAD_RUN_LEN) != 0
        || !read_hex(id.ptr + LOAD_RUN_LEN, SLOT_DIGITS, &number)
        || !read_hex(id.ptr + LOAD_RUN_LEN + SLOT_DIGITS, GENERATION_DIGITS, &generation)
        || number >= load->plan->window)
        return NULL;
    struct load_slot *slot = &load->slots[number];
    *is_late = slot->generation != generation || slot->state == LOAD_IDLE;
    return *is_late ? NULL : slot;
}

/* A user registers always by the same socket, so that there is one contact of each. */
static uint32_t end_of(const struct load *load, const struct load_slot *slot)
{
    uint32_t of =
        slot->request == LOAD_REQUEST_REGISTER ? slot->user : (uint32_t)(slot - load->slots);
    return of % load->plan->sockets;
}

static struct slice place(const struct load *load, uint32_t end)
{
    return (struct slice){load->places[end].text, load->places[end].len};
}

struct slice load_render(struct load *load, const struct load_slot *slot, enum load_request request)
{
    const struct load_users *users = load->plan->users;
    bool is_ack = request == LOAD_REQUEST_ACK;
    uint32_t end = end_of(load, slot);
    char id[LOAD_ID_LEN], cseq_digits[10], callee[LOAD_NAME_MAX], caller[LOAD_NAME_MAX];
    struct buffer cseq = buffer_over(cseq_digits, sizeof(cseq_digits));
    struct buffer out = buffer_over(load->scratch, sizeof(load->scratch));

    load_slot_id(load, slot, id);
    buffer_add_u64(&cseq, is_ack ? slot->invite_cseq : slot->cseq);
    const struct slice values[FIELD_COUNT] = {
        [FIELD_ID] = {id,          sizeof(id)},
        [FIELD_STEP] = is_ack ? SLICE("Z") : (struct slice){&slot->step, 1         },
        [FIELD_CSEQ] = buffer_slice(&cseq),
        [FIELD_CALLEE] = load_users_name(users, slot->user, callee),
        [FIELD_CALLER] = load_users_name(users, (slot->user + 1) % users->count, caller),
        [FIELD_LOCAL] = place(load, end),
        [FIELD_CONTACT] = place(load, load->plan->sockets + end),
        [FIELD_LOGIN] = bytes_slice(&slot->login),
        [FIELD_TARGET] = bytes_slice(&slot->dialog.target),
        [FIELD_ROUTES] = bytes_slice(&slot->dialog.routes),
        [FIELD_TO] = bytes_slice(&slot->dialog.to),
    };
    load_template_write(&load->templates[request], values, &out);
    return out.overflowed ? SLICE_NONE : buffer_slice(&out);
}

void load_transmit(struct load *load, const struct load_slot *slot, enum load_request request)
{
    struct slice bytes = load_render(load, slot, request);

    if (bytes.len == 0)
        load->counts.unsent++;
    else
        load_wire_send(load->wire, end_of(load, slot),
                       slot->dialog.has_next_hop ? &slot->dialog.next_hop : NULL, bytes);
}
