/*
 * A program of the classic packet filter that the system runs for every datagram (socket(7),
 * "SO_ATTACH_REUSEPORT_CBPF"); it sees the payload, and returns the number of a socket. It has no
 * loops, and a load takes it as long as four comparisons: so it looks at every fourth byte only.
 * Of a mark of seven bytes one of the first four words stands there.
 */
#include "net/steer.h"

#include <assert.h>
#include <linux/filter.h>
#include <sys/socket.h>

enum {
    WORD = 4,
    FIRST_AT = 36, /* the status line of a response and the least of a Via come before */
    LAST_AT = 140, /* where our own Via, by the longest literal address, has its branch at last */
    MIN_LEN = LAST_AT + STEER_MARK_BYTES + 2, /* a load behind the end would be an answer, too */
    MAX_STEPS = 224, /* fewer than the 255 that a jump reaches: all jumps go to the end */
};

static const uint32_t dealt_out = UINT32_MAX; /* no socket has that number */

struct program {
    struct sock_filter steps[MAX_STEPS];
    unsigned short len;
};

static void add(struct program *p, unsigned code, uint32_t value)
{
    assert(p->len < MAX_STEPS);
    p->steps[p->len++] = (struct sock_filter)BPF_STMT((unsigned short)code, value);
}

static uint32_t word_at(struct slice text, size_t at)
{
    const unsigned char *b = (const unsigned char *)text.ptr + at;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Ends unless the accumulator fulfils `condition` (BPF_JGE, BPF_JEQ) with `value`. */
static void add_demand(struct program *p, unsigned condition, uint32_t value)
{
    add(p, BPF_JMP | condition | BPF_K, value);
    p->steps[p->len - 1].jt = 1;
    add(p, BPF_RET | BPF_K, dealt_out);
}

/* Which word of the mark is met tells how far before the digits: a jump for each, set later. */
static void add_look(struct program *p, uint32_t at, struct slice mark)
{
    add(p, BPF_LDX | BPF_IMM, at);
    add(p, BPF_LD | BPF_W | BPF_ABS, at);
    for (size_t i = 0; i < WORD; i++)
        add(p, BPF_JMP | BPF_JEQ | BPF_K, word_at(mark, i));
}

static void set_jumps(struct program *p, size_t first, size_t nth, size_t target)
{
    for (size_t look = first; look < target && p->steps[look].code == (BPF_LDX | BPF_IMM);
         look += 2 + WORD) {
        size_t jump = look + 2 + nth;
        p->steps[jump].jt = (unsigned char)(target - jump - 1);
    }
}

/* The accumulator has two digits. */
static void add_answer(struct program *p)
{
    add(p, BPF_ST, 0);
    add(p, BPF_ALU | BPF_AND | BPF_K, 0xff);
    add(p, BPF_ALU | BPF_SUB | BPF_K, '0');
    add(p, BPF_MISC | BPF_TAX, 0);
    add(p, BPF_LD | BPF_MEM, 0);
    add(p, BPF_ALU | BPF_RSH | BPF_K, 8);
    add(p, BPF_ALU | BPF_SUB | BPF_K, '0');
    add(p, BPF_ALU | BPF_MUL | BPF_K, 10);
    add(p, BPF_ALU | BPF_ADD | BPF_X, 0);
    add(p, BPF_RET | BPF_A, 0);
}

static void write_program(struct program *p, struct slice start, struct slice mark)
{
    add(p, BPF_LD | BPF_W | BPF_LEN, 0);
    add_demand(p, BPF_JGE, MIN_LEN);
    add(p, BPF_LD | BPF_W | BPF_ABS, 0);
    add_demand(p, BPF_JEQ, word_at(start, 0));
    size_t first_look = p->len;
    for (uint32_t at = FIRST_AT; at <= LAST_AT; at += WORD)
        add_look(p, at, mark);
    add(p, BPF_RET | BPF_K, dealt_out);
    for (size_t i = 0; i < WORD; i++) {
        set_jumps(p, first_look, i, p->len);
        add(p, BPF_LD | BPF_H | BPF_IND, (uint32_t)(STEER_MARK_BYTES - i));
        add_answer(p);
    }
}

void net_steer(int fd, struct slice start, struct slice mark)
{
    struct program p = {.len = 0};
    struct sock_fprog filter;

    assert(start.len == STEER_START_BYTES && mark.len == STEER_MARK_BYTES);
    write_program(&p, start, mark);
    memset(&filter, 0, sizeof(filter)); /* the system reads what is between its fields, too */
    filter.len = p.len;
    filter.filter = p.steps;
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof(filter));
}
