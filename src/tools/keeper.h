/*
 * Who keeps users and bindings: the server, asked through its control socket, while it runs; else
 * the database itself, opened and locked by us.
 */
#ifndef TCHIN_TOOLS_KEEPER_H
#define TCHIN_TOOLS_KEEPER_H

#include "base/buffer.h"
#include "store/location.h"
#include "store/user.h"

struct keeper;

/* Of bindings, what both ways of asking know. */
struct keeper_binding {
    struct slice aor;
    struct slice contact;
    struct slice params;
    struct slice path;
    struct slice call_id;
    struct slice user_agent;
    uint32_t cseq;
    uint16_t q_thousandths;
    uint64_t expires_s;
    bool is_unreachable; /* its connection is gone, as a running server says */
};

typedef bool keeper_each_user(void *arg, struct slice aor, struct slice alias_of);
typedef bool keeper_each_binding(void *arg, const struct keeper_binding *binding);

/*
 * What a keeper does. What returns false has put a sentence into `fault`. An `each` that returns
 * false has no memory.
 */
struct keeper_ways {
    bool (*add_user)(struct keeper *keeper, const struct user *user, struct buffer *fault);
    bool (*change_user)(struct keeper *keeper, const struct user *user, struct buffer *fault);
    bool (*remove_user)(struct keeper *keeper, struct slice aor, struct buffer *fault);
    bool (*import_users)(struct keeper *keeper, const struct user *users, size_t count,
                         struct buffer *fault);
    bool (*list_users)(struct keeper *keeper, keeper_each_user *each, void *arg,
                       struct buffer *fault);
    bool (*add_alias)(struct keeper *keeper, struct slice alias, struct slice aor,
                      struct buffer *fault);
    bool (*remove_alias)(struct keeper *keeper, struct slice alias, struct buffer *fault);
    /* An empty `aor`: of all users. */
    bool (*list_bindings)(struct keeper *keeper, struct slice aor, keeper_each_binding *each,
                          void *arg, struct buffer *fault);
    bool (*remove_bindings)(struct keeper *keeper, struct slice aor, struct buffer *fault);
    void (*close)(struct keeper *keeper);
};

struct keeper {
    const struct keeper_ways *ways;
};

/* `folder` NULL: the usual one. NULL: `fault` says why. */
struct keeper *keeper_open(const char *folder, bool may_create, struct buffer *fault) MUST_USE;
void keeper_close(struct keeper *keeper);

/* --- the two of them, for keeper.c --------------------------------------------------------------
 */

/* NULL, and `fault` is empty: no server runs there. */
struct keeper *keeper_socket_open(const char *folder, struct buffer *fault) MUST_USE;
struct keeper *keeper_store_open(const char *folder, enum err *err, struct buffer *fault) MUST_USE;

#endif
