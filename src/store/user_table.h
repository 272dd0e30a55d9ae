/*
 * Users and their aliases in memory, one table of names. The writer thread alone changes it;
 * what it looks up itself needs no lock.
 */
#ifndef TCHIN_STORE_USER_TABLE_H
#define TCHIN_STORE_USER_TABLE_H

#include <stdatomic.h>

#include "store/shards.h"
#include "store/user.h"

struct user_table {
    struct shards shards;
    atomic_size_t user_count;
    atomic_size_t alias_count;
};

/* A user, or an alias of one. Never changed once it is in the table. */
struct user_entry {
    struct map_node node;
    uint16_t name_len;
    uint16_t target_len; /* 0: a user; else of the user that the name is an alias of */
    uint16_t max_bindings;
    char bytes[]; /* the name; then the target, or the struct user_secrets */
};

void user_table_init(struct user_table *table, const struct hash_key *key);
void user_table_fini(struct user_table *table);

/* Entries that are in no table yet. NULL: no memory. */
struct user_entry *user_entry_new(struct slice aor, uint16_t max_bindings,
                                  const struct user_secrets *secrets) MUST_USE;
struct user_entry *user_entry_new_alias(struct slice alias, struct slice aor) MUST_USE;
void user_entry_free(struct user_entry *entry);

struct slice user_entry_name(const struct user_entry *entry);
struct slice user_entry_target(const struct user_entry *entry); /* empty for a user */

/* The writer: takes what memory user_table_put needs for an entry of that name. False: none. */
bool user_table_make_ready(struct user_table *table, struct slice name) MUST_USE;

/* The writer. A new entry takes the place of one with its name. */
struct user_entry *user_table_find(struct user_table *table, struct slice name);
void user_table_put(struct user_table *table, struct user_entry *entry);
void user_table_put_new(struct user_table *table, struct user_entry *entry); /* there is none */
void user_table_remove(struct user_table *table, struct user_entry *entry);

/* Anybody: has what is under a name fetched, as far as copying the usual login needs it. */
void user_table_warm(struct user_table *table, uint64_t hash);

/* Anybody: copies of what is under a name. False: nothing of that kind; `out` untouched. */
bool user_table_copy_login(struct user_table *table, struct slice name, uint64_t hash,
                           struct user_ha1_choice choice, struct user_login *out) MUST_USE;
bool user_table_copy_target(struct user_table *table, struct slice name,
                            struct buffer *out) MUST_USE;
void user_table_look_up(struct user_table *table, struct slice name, struct user_name *out);

#endif
