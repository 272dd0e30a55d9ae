/*
 * The users of a load, all of one domain: numbered ones (user0000000, user0000001 ...) who share a
 * password, or those of a file as `tchin user import` reads it.
 */
#ifndef TCHIN_TOOLS_LOAD_USERS_H
#define TCHIN_TOOLS_LOAD_USERS_H

#include "base/buffer.h"

enum { LOAD_USERS_MAX = 10000000, LOAD_NAME_MAX = 12 };

struct load_user {
    struct slice name;
    struct slice password;
};

struct load_users {
    uint32_t count;
    uint32_t first; /* number of the first numbered one */
    struct slice domain;
    struct slice password;  /* of all numbered ones; empty: none */
    struct load_user *list; /* of a file; NULL: they are numbered */
    char *text;             /* of the file */
};

/* A file's; without `domain` it is that of the first. False: `fault` says which line is wrong. */
bool load_users_read(const char *path, struct slice domain, struct load_users *out,
                     struct buffer *fault) MUST_USE;
void load_users_fini(struct load_users *users);

/* The part before the "@"; `memory` is where it may be written. */
struct slice load_users_name(const struct load_users *users, uint32_t user,
                             char memory[LOAD_NAME_MAX]);

struct slice load_users_password(const struct load_users *users, uint32_t user);

#endif
