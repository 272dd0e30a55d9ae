/*
 * Users: who may register and call, their HA1s (never their passwords), and their aliases. Kept in
 * memory as a whole, written through before a call returns (as STORE_POWER, whatever the setting).
 *
 * Any thread may call. A name is an address of record as sip_uri_write_aor writes it.
 */
#ifndef TCHIN_STORE_USER_H
#define TCHIN_STORE_USER_H

#include "store/store.h"

enum { USER_MAX_NAME = 255, USER_HA1_BYTES = 32, USER_HA1_ALGORITHMS = 3, USER_HA1_FORMS = 2 };

/* HA1s by enum sip_digest_algorithm (MD5 fills 16 bytes), of "alice" and of "alice@example.org". */
struct user_secrets {
    unsigned char ha1[USER_HA1_ALGORITHMS][USER_HA1_FORMS][USER_HA1_BYTES];
};

struct user {
    char aor[USER_MAX_NAME + 1];
    uint16_t aor_len;
    uint16_t max_bindings; /* 0: what the domain allows */
    struct user_secrets secrets;
};

/* One of the HA1s of a user, as it stands in user_secrets. */
struct user_ha1_choice {
    uint8_t algorithm;
    uint8_t form;
};

/* What it takes to judge a login, and what a registrar asks of who has logged in. */
struct user_login {
    uint64_t hash;         /* of the name, for struct location_changes */
    uint16_t max_bindings; /* as in struct user */
    unsigned char ha1[USER_HA1_BYTES];
};

/*
 * For who will ask for a login a little later: has the memory fetched of the place where it is to
 * be found, and tells the hash of the name; then, when that has come, of the login itself.
 */
uint64_t user_warm_place(struct store *store, struct slice aor);
void user_warm(struct store *store, uint64_t hash);

/*
 * Of the user of that name, not of an alias. `hash` is that of the name; 0: not known. False: there
 * is none; `out` untouched.
 */
bool user_find_login(struct store *store, struct slice aor, uint64_t hash,
                     struct user_ha1_choice choice, struct user_login *out) MUST_USE;

/* The user whose name or alias it is, by name. False: nobody's. */
bool user_resolve(struct store *store, struct slice aor, struct buffer *out) MUST_USE;

/* What a registrar asks of another name. */
struct user_name {
    uint64_t hash;         /* of the name, for struct location_changes */
    uint16_t max_bindings; /* of the user; 0: there is none, or as many as the domain allows */
    uint16_t owner_len;    /* 0: it is no alias */
    char owner[USER_MAX_NAME];
};

void user_look_up(struct store *store, struct slice aor, struct user_name *out);

enum err user_add(struct store *store, const struct user *user) MUST_USE;    /* ERR_EXISTS */
enum err user_change(struct store *store, const struct user *user) MUST_USE; /* ERR_ABSENT */
enum err user_remove(struct store *store, struct slice aor) MUST_USE; /* with aliases, bindings */

/* Those that exist are changed. All or none, whatever happens; others' changes pass meanwhile. */
enum err user_import(struct store *store, const struct user *users, size_t count) MUST_USE;

enum err user_add_alias(struct store *store, struct slice alias, struct slice aor) MUST_USE;
enum err user_remove_alias(struct store *store, struct slice alias) MUST_USE;

/*
 * In the order of their names, until `each` says false. `alias_of` is empty for a user. False: no
 * memory to put them in order, and `each` was not called.
 */
typedef bool user_each(void *arg, struct slice aor, struct slice alias_of);
bool user_walk(struct store *store, user_each *each, void *arg);

size_t user_count(struct store *store);

#endif
