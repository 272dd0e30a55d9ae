/* What a load needs before anything can be begun: slots, sockets, and its messages with few gaps.
 */
#include <stdlib.h>
#include <sys/random.h>

#include "base/err.h"
#include "tools/load_inside.h"

static void received(void *owner, uint32_t end, const struct net_addr *from, struct slice bytes)
{
    struct load *load = owner;
    struct sip_fault fault;

    load_clock(load);
    if (!sip_message_parse(bytes, &load->msg, &fault))
        load->counts.strays++;
    else if (load->msg.is_request)
        load_callee_received(load, end, from, &load->msg);
    else
        load_caller_received(load, &load->msg);
}

static bool open_wire(struct load *load, struct buffer *fault)
{
    const struct load_plan *plan = load->plan;
    const struct load_wire_settings settings = {
        .server = plan->server,
        .protocol = plan->protocol,
        .sockets = plan->sockets,
        .has_callees = plan->scenario != LOAD_OPTIONS,
        .is_connected = plan->scenario != LOAD_CALL, /* whose dialogs may lead elsewhere */
        .port = plan->port,
        .spins = plan->spins,
    };
    uint32_t ends = plan->sockets * (settings.has_callees ? 2 : 1);

    load->wire = load_wire_open(&settings, received, load, fault);
    for (uint32_t i = 0; load->wire != NULL && i < ends; i++) {
        struct net_addr addr = load_wire_local(load->wire, i);
        struct buffer text = buffer_over(load->places[i].text, LOAD_ADDR_TEXT);
        net_addr_write(&addr, &text);
        load->places[i].len = (uint8_t)text.len;
    }
    return load->wire != NULL;
}

static bool open_slots(struct load *load)
{
    uint32_t window = load->plan->window;

    load->slots = calloc(window, sizeof(*load->slots));
    load->idle = calloc(window, sizeof(*load->idle));
    load->hasher = sip_hasher_new();
    if (load->slots == NULL || load->idle == NULL || load->hasher == NULL)
        return false;
    for (uint32_t i = window; i > 0; i--) {
        timer_init(&load->slots[i - 1].timer);
        timer_init(&load->slots[i - 1].callee.timer);
        load->idle[load->idle_count++] = i - 1;
    }
    load_clock(load);
    timer_wheel_init(&load->callers, load->now_ms);
    timer_wheel_init(&load->callees, load->now_ms);
    return true;
}

static void name_run(struct load *load)
{
    unsigned char bytes[LOAD_RUN_LEN / 2] = {0};
    struct buffer out = buffer_over(load->run, sizeof(load->run));

    (void)!getrandom(bytes, sizeof(bytes), 0);
    buffer_add_hex(&out, bytes, sizeof(bytes));
}

bool load_fill_templates(struct load *load, uint32_t expires_s)
{
    bool is_tcp = load->plan->protocol == HOP_TCP;
    char digits[10];
    struct buffer expires = buffer_over(digits, sizeof(digits));

    buffer_add_u64(&expires, expires_s);
    const struct slice values[FIELD_COUNT] = {
        [FIELD_DOMAIN] = load->plan->users->domain,
        [FIELD_TRANSPORT] = hop_protocol_name(load->plan->protocol),
        [FIELD_PARAM] = is_tcp ? SLICE(";transport=tcp") : SLICE_NONE,
        [FIELD_EXPIRES] = buffer_slice(&expires),
        [FIELD_RUN] = {load->run, sizeof(load->run)},
    };
    for (int i = 0; i < LOAD_REQUEST_COUNT; i++) {
        if (!load_template_init(&load->templates[i], load_request_texts[i], values))
            return false;
    }
    return true;
}

/*
 * Users are taken in strides of a golden section: every one once before any comes again, and not in
 * the order in which the server may have laid them out.
 */
static uint32_t choose_stride(uint32_t count)
{
    for (uint32_t stride = (uint32_t)(count * 0.618);; stride++) {
        uint32_t a = count, b = stride;
        while (b != 0) {
            uint32_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            return stride;
    }
}

bool load_open(struct load *load, const struct load_plan *plan, struct buffer *fault)
{
    load->plan = plan;
    load->user_stride = choose_stride(plan->users->count);
    name_run(load);
    if (open_slots(load) && open_wire(load, fault) && load_fill_templates(load, plan->expires_s))
        return true;
    if (fault->len == 0)
        buffer_add_text(fault, err_text(ERR_MEMORY));
    return false;
}

void load_close(struct load *load)
{
    for (uint32_t i = 0; load->slots != NULL && i < load->plan->window; i++) {
        bytes_free(&load->slots[i].login);
        load_dialog_forget(&load->slots[i].dialog);
        load_callee_forget(&load->slots[i].callee);
    }
    if (load->wire != NULL)
        load_wire_close(load->wire);
    sip_hasher_free(load->hasher);
    free(load->slots);
    free(load->idle);
}
