/*
 * Finding servers with the help of DNS: asks net/dns what the machine of sip/locate.h wants to
 * know, and hands it the answers. Who is told may end before they come: a locator that was let go
 * is freed by the last of them.
 */
#ifndef TCHIN_TRANSPORT_LOCATOR_H
#define TCHIN_TRANSPORT_LOCATOR_H

#include "net/dns.h"
#include "sip/locate.h"
#include "transport/transport.h"

struct locator {
    struct sip_locate machine; /* to be started by its owner */
    uint64_t on_behalf_of;     /* likewise to be set: see net/dns.h */
    struct dns *dns;
    struct mailbox *mailbox; /* of the thread that it belongs to */
    void *owner;             /* NULL: let go */
    void (*go_on)(struct locator *l);
    size_t questions; /* that have not been answered yet */
    bool is_waiting;  /* for one of them */
};

/*
 * Whenever locator_next has said SIP_LOCATE_WAIT, `go_on` is called in a later turn, for it to be
 * called again. NULL: no memory.
 */
struct locator *locator_new(struct dns *dns, struct mailbox *mailbox, void *owner,
                            void (*go_on)(struct locator *l)) MUST_USE;

/* As sip_locate_next; what it has to wait for has been asked. */
enum sip_locate_result locator_next(struct locator *l, struct sip_dead_targets *dead,
                                    uint64_t now_ms, struct sip_candidate *out);

/* The owner needs it no more. Harmless for NULL. */
void locator_let_go(struct locator *l);

/* What a client with these listeners can send by: what it listens for, UDP first. */
struct sip_locate_client locator_client(const struct transport_listener *listeners, size_t count);

struct sip_ip locator_ip(const struct net_addr *addr);

/* By which protocol to send, and where to. False: we do not speak that transport. */
bool locator_place(const struct sip_candidate *candidate, enum hop_protocol *protocol,
                   struct net_addr *addr) MUST_USE;

#endif
