/*
 * A server of one worker in a world where nothing is left to chance: keys, clocks, threads and the
 * network are the harness's. Made once in a process, and never taken down.
 */
#ifndef TCHIN_COUNTS_WORLD_H
#define TCHIN_COUNTS_WORLD_H

#include "stand_in.h"
#include "store/store.h"

#define DOMAIN   "example.org"
#define PASSWORD "a password"

enum { USERS = 512 }; /* u000 to u511, with that password */

struct world_settings {
    bool requires_auth;
    enum store_durability durability;
};

/* Its data go into the working folder. Ends the process if that fails. */
void world_begin(const struct world_settings *settings);

/* A turn of the worker at `virtual_now_ms`, which `received` is emptied by. */
void world_turn(struct datagrams *received);

/* The store's threads do what they have been sent, and the worker hears of it in the same turn. */
void world_let_store_work(void);

/* Exactly `count` messages that begin so must have been sent since world_turn began. */
void world_expect(size_t count, const char *beginning);

/* The harness itself cannot go on. */
_Noreturn void world_fails(const char *why);

#endif
