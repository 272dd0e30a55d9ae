/*
 * Every single value that tchin.conf can set: one row a key, with its type, its range, and where in
 * the settings it goes. Lists (listen) and sections (domain) are in config.c.
 */
#ifndef TCHIN_SERVER_KEYS_H
#define TCHIN_SERVER_KEYS_H

#include "server/settings.h"

enum key_kind {
    KEY_FOLDER,
    KEY_FILE,
    KEY_EMAIL,
    KEY_URL,
    KEY_TEXT,
    KEY_HOST,
    KEY_SWITCH,
    KEY_WORD,
    KEY_NUMBER
};

struct key_unit {
    const char *name;
    uint32_t factor;
};

struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;                /* in struct settings, or in struct domain_settings */
    uint32_t min;                 /* of numbers */
    uint32_t max;                 /* likewise; of names, their memory with the NUL */
    const char *const *words;     /* in the order of their enum, NULL behind the last */
    const struct key_unit *units; /* what a number may end in; a bare one is in the first */
    const char *meaning;          /* for people */
};

extern const struct key settings_keys[];
extern const size_t settings_key_count;
extern const struct key domain_keys[]; /* what a domain may have otherwise than the rest */
extern const size_t domain_key_count;

/* The key of that name; it is there. */
const struct key *settings_key(const char *name);

/* False: `fault` says what to write instead; nothing is set. `holder` is what the offset is in. */
bool key_set(const struct key *key, void *holder, struct slice text, struct buffer *fault) MUST_USE;

/* The value as key_set reads it. */
void key_write(const struct key *key, const void *holder, struct buffer *out);

#endif
