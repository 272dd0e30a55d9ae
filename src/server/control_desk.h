/*
 * What a client of the control socket asks for, and the answers to it: a JSON object a line, both.
 *
 *     {"do": "user-add", "aor": "alice@example.org", "secrets": "..."}     user-change likewise
 *     {"do": "user-remove", "aor": "alice@example.org"}
 *     {"do": "user-list"}
 *     {"do": "import-begin"}, then {"aor": ..., "secrets": ...} each, then {"do": "import-end"}
 *     {"do": "alias-add", "alias": "info@example.org", "aor": "alice@example.org"}
 *     {"do": "alias-remove", "alias": "info@example.org"}
 *     {"do": "location-list"}, {"do": "location-show", "aor": "alice@example.org"}
 *     {"do": "location-remove", "aor": "alice@example.org"}
 *
 * Answers are {"ok": true} or {"error": "a sentence"}; a list is an object for each entry, then
 * {"ok": true}. Rows of an import are not answered, until its end says what became of them all.
 * "secrets" is struct user_secrets in hexadecimal: no password comes here.
 */
#ifndef TCHIN_SERVER_CONTROL_DESK_H
#define TCHIN_SERVER_CONTROL_DESK_H

#include "base/log.h"
#include "store/user.h"

struct server;

/* One for each client. */
struct control_desk {
    struct store *store;
    struct log *log;
    const struct server *server; /* whose connections these are; NULL: there are none */
    size_t max_rows;
    struct user *rows; /* of an import that is under way */
    size_t row_count;
    size_t row_room;
    bool is_importing;
    char import_fault[256]; /* the first of it */
    char *answer;           /* lines that wait to be sent */
    size_t answer_len;
    size_t answer_room;
    bool is_lost; /* an answer had no room: there is nothing to do but to hang up */
};

void control_desk_init(struct control_desk *desk, struct store *store, struct log *log,
                       const struct server *server, size_t max_rows);
void control_desk_fini(struct control_desk *desk);

/* Does what the line says; the answer is added to desk->answer. */
void control_desk_ask(struct control_desk *desk, struct slice line);

#endif
