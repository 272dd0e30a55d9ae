/*
 * The messages and the fields asked for are those of bench/parsers. The message itself keeps what
 * the parser found, so that nothing of it can be left out.
 */
#include "parse.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#include "meter.h"
#include "sip/message.h"
#include "world.h"

/* Where its bytes lie decides how often a search goes round: always on a page. */
static alignas(4096) char text[4096];
static size_t len;
static struct sip_message msg;

__attribute__((noinline)) static bool read_fields(void)
{
    struct sip_fault fault;

    return sip_message_parse((struct slice){text, len}, &msg, &fault)
           && sip_message_check(&msg, &fault)
           && sip_address_uri(&msg.basics.contact.address) != NULL;
}

static void read_file(const char *name)
{
    const char *folder = getenv("TCHIN_MESSAGES");
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : ".", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        world_fails(path);
    len = fread(text, 1, sizeof(text), file);
    fclose(file);
}

static void parse(const char *name)
{
    read_file(name);
    meter_on();
    bool ok = read_fields();
    meter_off();
    if (!ok || msg.request_uri.host.len == 0 || msg.basics.via.branch.len == 0)
        world_fails("a message does not parse");
}

void parse_long_invite(unsigned round, unsigned batch)
{
    (void)round;
    (void)batch;
    parse("invite_long.sip");
}

void parse_short_invite(unsigned round, unsigned batch)
{
    (void)round;
    (void)batch;
    parse("invite_short.sip");
}

void parse_register(unsigned round, unsigned batch)
{
    (void)round;
    (void)batch;
    parse("register.sip");
}
