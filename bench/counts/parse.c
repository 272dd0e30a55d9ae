/*
 * The fields are those that the parsers of other stacks are measured by: method, user and host of
 * the Request-URI and of the Contact; of the top Via sent-by and branch; tags, Call-ID, CSeq,
 * Max-Forwards, Content-Length.
 */
#include "parse.h"

#include <stdalign.h>
#include <string.h>

#include "messages.h"
#include "meter.h"
#include "sip/address.h"
#include "sip/message.h"
#include "sip/uri.h"
#include "world.h"

/* Where its bytes lie decides how often a copy or a search goes round: always on a page. */
static alignas(4096) char text[4096];

/* Kept, so that nothing that was asked for may be left out. */
static struct sip_message msg;
static struct sip_uri request_uri, contact_uri;
static struct sip_contact contact;

__attribute__((noinline)) static bool read_fields(struct slice bytes)
{
    struct sip_fault fault;

    return sip_message_parse(bytes, &msg, &fault) && sip_message_check(&msg, &fault)
           && sip_uri_parse(msg.uri, &request_uri)
           && sip_contact_parse(sip_message_value(&msg, SIP_CONTACT), &contact)
           && sip_uri_parse(contact.address.uri, &contact_uri);
}

static void parse(const char *message)
{
    struct slice bytes = {text, strlen(message)};

    memcpy(text, message, bytes.len);

    meter_on();
    bool ok = read_fields(bytes);
    meter_off();
    if (!ok || request_uri.host.len == 0 || contact_uri.user.len == 0
        || msg.basics.via.branch.len == 0 || msg.basics.from_tag.len == 0)
        world_fails("a message does not parse");
}

void parse_long_invite(unsigned round, unsigned batch)
{
    (void)round;
    (void)batch;
    parse(message_long_invite);
}

void parse_short_invite(unsigned round, unsigned batch)
{
    (void)round;
    (void)batch;
    parse(message_short_invite);
}

void parse_register(unsigned round, unsigned batch)
{
    (void)round;
    (void)batch;
    parse(message_register);
}
