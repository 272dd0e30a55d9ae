/* Each message has a turn of its own, and a tenth of a second passes before the next. */
#include "talk.h"

#include <stdio.h>

#include "virtual.h"
#include "world.h"

enum { TURN_MS = 100, MAX_ADDRESS = 63 };

static struct datagrams next;

static bool hear(void)
{
    char address[MAX_ADDRESS + 1];
    unsigned port;
    size_t len;

    if (scanf("%63s %u %zu%*1[\n]", address, &port, &len) != 3)
        return false;
    struct datagram *d = datagram_add(&next);
    if (!net_addr_parse(slice_of(address), (uint16_t)port, &d->hop.remote) || len > sizeof(d->bytes)
        || fread(d->bytes, 1, len, stdin) != len)
        world_fails("what was said makes no sense");
    d->len = len;
    return true;
}

static void say_what_was_sent(void)
{
    for (size_t i = 0; i < stand_in_sent.count; i++) {
        const struct datagram *d = &stand_in_sent.items[i];
        char text[MAX_ADDRESS + 1];
        struct buffer address = buffer_over(text, sizeof(text));

        net_addr_write_host(&d->hop.remote, &address);
        printf("%.*s %u %zu\n", SLICE_ARGS(buffer_slice(&address)), d->hop.remote.port, d->len);
        fwrite(d->bytes, 1, d->len, stdout);
    }
}

void talk(void)
{
    world_begin(&(struct world_settings){.durability = STORE_PROCESS});
    while (hear()) {
        world_turn(&next);
        say_what_was_sent();
        world_let_store_work();
        say_what_was_sent();
        printf("\n");
        fflush(stdout);
        virtual_now_ms += TURN_MS;
    }
}
