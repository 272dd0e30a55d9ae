/*
 * The sockets of a load: its callers' ends and its callees'. Messages go out and come in in
 * batches; what is lost, refused or closed on the way is counted.
 */
#ifndef TCHIN_TOOLS_LOAD_WIRE_H
#define TCHIN_TOOLS_LOAD_WIRE_H

#include "base/buffer.h"
#include "transport/hop.h"

struct load_wire;

enum { LOAD_MAX_SOCKETS = 64 };

struct load_wire_settings {
    struct net_addr server;
    enum hop_protocol protocol;
    uint32_t sockets;  /* of the callers; UDP sockets or TCP connections to the server */
    bool has_callees;  /* as many sockets beside them, which listen */
    bool is_connected; /* callers hear and speak to the server alone, and hear of ICMP errors */
    uint16_t port;     /* of the first; 0: any. TCP callers have any */
    bool spins;
};

/* An end is a number: callers from 0 on, callees from `sockets` on, then what connects to them. */
typedef void load_wire_received(void *owner, uint32_t end, const struct net_addr *from,
                                struct slice message);

struct load_wire_counts {
    uint64_t strays; /* bytes that cannot be a message */
    uint64_t unsent;
    uint64_t broken;
    uint64_t refused;
};

/* NULL: `fault` says why. */
struct load_wire *load_wire_open(const struct load_wire_settings *settings,
                                 load_wire_received *received, void *owner,
                                 struct buffer *fault) MUST_USE;
void load_wire_close(struct load_wire *wire);

/* Where Via or Contact say that this end is. */
struct net_addr load_wire_local(const struct load_wire *wire, uint32_t end);

/* Copies `bytes`, which leave with load_wire_turn or when a batch is full. `to` NULL: the server.
 */
void load_wire_send(struct load_wire *wire, uint32_t end, const struct net_addr *to,
                    struct slice bytes);

/* Sends what waits, waits `patience_ns` at most for what comes, and hands it over. */
void load_wire_turn(struct load_wire *wire, uint64_t patience_ns);

const struct load_wire_counts *load_wire_counts(const struct load_wire *wire);

#endif
