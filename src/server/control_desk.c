/* The commands of the control socket: a table, then a function each. */
#include "server/control_desk.h"

#include <jansson.h>
#include <stdlib.h>

#include "server/flow.h"
#include "sip/uri.h"
#include "store/location.h"
#include "store/location_remove.h"

enum { MAX_ANSWER_BYTES = 1 << 30, ARENA_CHUNK = 1 << 16, ARENA_MAX = 1 << 24 };

typedef void command_run(struct control_desk *desk, const json_t *request);

static command_run add_user, change_user, remove_user, list_users;
static command_run begin_import, end_import, add_alias, remove_alias;
static command_run list_locations, show_location, remove_location;
static void take_row(struct control_desk *desk, const json_t *row);

static const struct command {
    const char *name;
    command_run *run;
} commands[] = {
    {"user-add",        add_user       },
    {"user-change",     change_user    },
    {"user-remove",     remove_user    },
    {"user-list",       list_users     },
    {"import-begin",    begin_import   },
    {"import-end",      end_import     },
    {"alias-add",       add_alias      },
    {"alias-remove",    remove_alias   },
    {"location-list",   list_locations },
    {"location-show",   show_location  },
    {"location-remove", remove_location},
};

void control_desk_init(struct control_desk *desk, struct store *store, struct log *log,
                       const struct server *server, size_t max_rows)
{
    *desk =
        (struct control_desk){.store = store, .log = log, .server = server, .max_rows = max_rows};
}

void control_desk_fini(struct control_desk *desk)
{
    free(desk->rows);
    free(desk->answer);
}

/* --- answers -----------------------------------------------------------------------------------
 */

static int add_to_answer(const char *bytes, size_t count, void *arg)
{
    struct control_desk *desk = arg;

    if (count > MAX_ANSWER_BYTES - desk->answer_len)
        return -1;
    if (count > desk->answer_room - desk->answer_len) {
        size_t room = 2 * (desk->answer_len + count) + 256;
        char *answer = realloc(desk->answer, room);
        if (answer == NULL)
            return -1;
        desk->answer = answer;
        desk->answer_room = room;
    }
    memcpy(desk->answer + desk->answer_len, bytes, count);
    desk->answer_len += count;
    return 0;
}

/* Takes the object over. */
static void answer_with(struct control_desk *desk, json_t *object)
{
    if (object == NULL || json_dump_callback(object, add_to_answer, desk, JSON_COMPACT) != 0
        || add_to_answer("\n", 1, desk) != 0)
        desk->is_lost = true;
    json_decref(object);
}

static void answer_ok(struct control_desk *desk)
{
    answer_with(desk, json_pack("{sb}", "ok", true));
}

static void answer_fault(struct control_desk *desk, const char *fault)
{
    answer_with(desk, json_pack("{ss}", "error", fault));
}

/* "alice@example.org: it exists already" */
static void answer_err(struct control_desk *desk, struct slice name, enum err err)
{
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text) - 1);

    if (err == ERR_NONE) {
        answer_ok(desk);
        return;
    }
    buffer_printf(&fault, "%.*s: %s", SLICE_ARGS(name), err_text(err));
    text[fault.len] = '\0';
    answer_fault(desk, text);
}

/* Text from the network, which need not be UTF-8, for JSON, which must be. */
static json_t *json_text(struct slice text)
{
    json_t *string = json_stringn(text.len > 0 ? text.ptr : "", text.len);

    if (string != NULL)
        return string;
    char *copy = malloc(text.len + 1);
    for (size_t i = 0; copy != NULL && i < text.len; i++)
        copy[i] = (signed char)text.ptr[i] < 0 ? '?' : text.ptr[i];
    string = copy != NULL ? json_stringn(copy, text.len) : NULL;
    free(copy);
    return string;
}

/* --- questions ---------------------------------------------------------------------------------
 */

void control_desk_ask(struct control_desk *desk, struct slice line)
{
    json_t *request = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, NULL);
    const char *name = json_string_value(json_object_get(request, "do"));

    for (size_t i = 0; name != NULL && i < ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            commands[i].run(desk, request);
            json_decref(request);
            return;
        }
    }
    if (desk->is_importing)
        take_row(desk, request);
    else
        answer_fault(desk, "this is no command that the server knows");
    json_decref(request);
}

/* The canonical AoR of a user, as the store keeps it. */
static bool is_aor(struct slice text)
{
    char memory[USER_MAX_NAME + 8], written[USER_MAX_NAME + 1];
    struct buffer uri_text = buffer_over(memory, sizeof(memory));
    struct buffer aor = buffer_over(written, sizeof(written));
    struct sip_uri uri;

    buffer_add_text(&uri_text, "sip:");
    buffer_add(&uri_text, text);
    if (uri_text.overflowed || text.len > USER_MAX_NAME
        || !sip_uri_parse(buffer_slice(&uri_text), &uri) || uri.user.len == 0)
        return false;
    sip_uri_write_aor(&uri, &aor);
    return slice_equal(buffer_slice(&aor), text);
}

static struct slice text_of(const json_t *object, const char *name)
{
    const json_t *string = json_object_get(object, name);

    return (struct slice){json_string_value(string), json_string_length(string)};
}

/* False: it has been answered. */
static bool read_aor(struct control_desk *desk, const json_t *request, const char *name,
                     struct slice *out)
{
    struct slice text = text_of(request, name);

    if (is_aor(text)) {
        *out = text;
        return true;
    }
    answer_fault(desk, "a user is named like alice@example.org");
    return false;
}

static bool read_secrets(struct slice hex, struct user_secrets *out)
{
    unsigned char *bytes = (unsigned char *)out;

    if (hex.len != 2 * sizeof(*out))
        return false;
    for (size_t i = 0; i < sizeof(*out); i++) {
        int high = ascii_hex_value(hex.ptr[2 * i]), low = ascii_hex_value(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* NULL, or what is wrong with it. */
static const char *read_user(const json_t *object, struct user *out)
{
    struct slice aor = text_of(object, "aor");

    if (!is_aor(aor))
        return "a user is named like alice@example.org";
    *out = (struct user){.aor_len = (uint16_t)aor.len};
    memcpy(out->aor, aor.ptr, aor.len);
    return read_secrets(text_of(object, "secrets"), &out->secrets) ? NULL
                                                                   : "the secrets are malformed";
}

static void log_done(struct control_desk *desk, const char *what, struct slice aor, enum err err)
{
    if (err == ERR_NONE)
        LOG_NOW(desk->log, LOG_INFO, what, {"aor", aor});
}

/* --- users -------------------------------------------------------------------------------------
 */

static void put_user(struct control_desk *desk, const json_t *request,
                     enum err put(struct store *, const struct user *), const char *what)
{
    struct user user;
    const char *fault = read_user(request, &user);

    if (fault != NULL) {
        answer_fault(desk, fault);
        return;
    }
    struct slice aor = {user.aor, user.aor_len};
    enum err err = put(desk->store, &user);
    log_done(desk, what, aor, err);
    answer_err(desk, aor, err);
}

static void add_user(struct control_desk *desk, const json_t *request)
{
    put_user(desk, request, user_add, "user added");
}

static void change_user(struct control_desk *desk, const json_t *request)
{
    put_user(desk, request, user_change, "user changed");
}

static void remove_user(struct control_desk *desk, const json_t *request)
{
    struct slice aor;

    if (!read_aor(desk, request, "aor", &aor))
        return;
    enum err err = user_remove(desk->store, aor);
    log_done(desk, "user removed", aor, err);
    answer_err(desk, aor, err);
}

static bool list_user(void *arg, struct slice aor, struct slice alias_of)
{
    struct control_desk *desk = arg;

    if (alias_of.len > 0)
        answer_with(desk,
                    json_pack("{so, so}", "aor", json_text(aor), "alias_of", json_text(alias_of)));
    else
        answer_with(desk, json_pack("{so}", "aor", json_text(aor)));
    return !desk->is_lost;
}

static void list_users(struct control_desk *desk, const json_t *request)
{
    (void)request;
    if (user_walk(desk->store, list_user, desk))
        answer_ok(desk);
    else
        answer_fault(desk, err_text(ERR_MEMORY));
}

static void add_alias(struct control_desk *desk, const json_t *request)
{
    struct slice alias, aor;

    if (!read_aor(desk, request, "alias", &alias) || !read_aor(desk, request, "aor", &aor))
        return;
    enum err err = user_add_alias(desk->store, alias, aor);
    log_done(desk, "alias added", alias, err);
    answer_err(desk, err == ERR_ABSENT ? aor : alias, err);
}

static void remove_alias(struct control_desk *desk, const json_t *request)
{
    struct slice alias;

    if (!read_aor(desk, request, "alias", &alias))
        return;
    enum err err = user_remove_alias(desk->store, alias);
    log_done(desk, "alias removed", alias, err);
    answer_err(desk, alias, err);
}

/* --- import ------------------------------------------------------------------------------------
 */

static void forget_import(struct control_desk *desk)
{
    free(desk->rows);
    desk->rows = NULL;
    desk->row_count = 0;
    desk->row_room = 0;
    desk->is_importing = false;
    desk->import_fault[0] = '\0';
}

static void begin_import(struct control_desk *desk, const json_t *request)
{
    (void)request;
    forget_import(desk);
    desk->is_importing = true;
    answer_ok(desk);
}

static const char *make_room_for_row(struct control_desk *desk)
{
    size_t room = desk->row_room > 0 ? 2 * desk->row_room : 64;

    if (desk->row_count < desk->row_room)
        return NULL;
    if (desk->row_count == desk->max_rows)
        return err_text(ERR_FULL);
    struct user *rows = realloc(desk->rows, room * sizeof(*rows));
    if (rows == NULL)
        return err_text(ERR_MEMORY);
    desk->rows = rows;
    desk->row_room = room;
    return NULL;
}

static void take_row(struct control_desk *desk, const json_t *row)
{
    const char *fault = make_room_for_row(desk);

    if (desk->import_fault[0] != '\0')
        return;
    if (fault == NULL)
        fault = read_user(row, &desk->rows[desk->row_count]);
    if (fault == NULL)
        desk->row_count++;
    else
        (void)snprintf(desk->import_fault, sizeof(desk->import_fault), "row %zu: %s",
                       desk->row_count + 1, fault);
}

static void log_import(struct control_desk *desk, enum err err)
{
    char text[24];
    struct buffer count = buffer_over(text, sizeof(text));

    buffer_add_u64(&count, desk->row_count);
    if (err == ERR_NONE)
        LOG_NOW(desk->log, LOG_INFO, "users imported", {"count", buffer_slice(&count)});
}

static void end_import(struct control_desk *desk, const json_t *request)
{
    (void)request;
    if (!desk->is_importing) {
        answer_fault(desk, "there is no import to end");
    } else if (desk->import_fault[0] != '\0') {
        answer_fault(desk, desk->import_fault);
    } else {
        enum err err = user_import(desk->store, desk->rows, desk->row_count);
        log_import(desk, err);
        answer_err(desk, SLICE("import"), err);
    }
    forget_import(desk);
}

/* --- locations ---------------------------------------------------------------------------------
 */

struct location_list {
    struct control_desk *desk;
    uint64_t now_ms;
};

/* One that is not may come back by its next registration: its connection is gone. */
static bool is_reachable(const struct control_desk *desk, const struct binding *binding)
{
    return desk->server == NULL || flow_leads(desk->server, binding->flow, binding->path);
}

static json_t *binding_object(const struct location_list *list, struct slice aor,
                              const struct binding *binding)
{
    return json_pack("{so, so, so, so, so, so, sI, sI, sb, sI}", "aor", json_text(aor), "contact",
                     json_text(binding->contact), "params", json_text(binding->params), "path",
                     json_text(binding->path), "call_id", json_text(binding->call_id), "user_agent",
                     json_text(binding->user_agent), "cseq", (json_int_t)binding->cseq,
                     "q_thousandths", (json_int_t)binding->q_thousandths, "reachable",
                     is_reachable(list->desk, binding), "expires_s",
                     (json_int_t)((binding->expires_at_ms - list->now_ms) / 1000));
}

static bool list_bindings(void *arg, struct slice aor, const struct binding_list *bindings)
{
    struct location_list *list = arg;

    for (size_t i = 0; i < bindings->count && !list->desk->is_lost; i++)
        answer_with(list->desk, binding_object(list, aor, &bindings->items[i]));
    return !list->desk->is_lost;
}

static void list_locations(struct control_desk *desk, const json_t *request)
{
    struct location_list list = {desk, server_wall_ms()};

    (void)request;
    if (location_walk(desk->store, list.now_ms, list_bindings, &list))
        answer_ok(desk);
    else
        answer_fault(desk, err_text(ERR_MEMORY));
}

/* Of an alias, the user's own name: under that the bindings are. */
static struct slice name_of_user(struct control_desk *desk, struct slice aor, struct buffer *out)
{
    return user_resolve(desk->store, aor, out) ? buffer_slice(out) : aor;
}

static void show_location(struct control_desk *desk, const json_t *request)
{
    struct location_list list = {desk, server_wall_ms()};
    struct arena *arena = arena_new(ARENA_CHUNK, ARENA_MAX);
    char text[USER_MAX_NAME];
    struct buffer name = buffer_over(text, sizeof(text));
    struct binding_list bindings;
    struct slice aor;

    if (!read_aor(desk, request, "aor", &aor))
        goto out;
    aor = name_of_user(desk, aor, &name);
    if (arena != NULL && location_find(desk->store, aor, list.now_ms, arena, &bindings)) {
        list_bindings(&list, aor, &bindings);
        answer_ok(desk);
    } else {
        answer_fault(desk, err_text(ERR_MEMORY));
    }
out:
    arena_free(arena);
}

static void remove_location(struct control_desk *desk, const json_t *request)
{
    char text[USER_MAX_NAME];
    struct buffer name = buffer_over(text, sizeof(text));
    struct slice aor;

    if (!read_aor(desk, request, "aor", &aor))
        return;
    aor = name_of_user(desk, aor, &name);
    enum err err = location_remove_all(desk->store, aor, server_wall_ms());
    log_done(desk, "bindings removed", aor, err);
    answer_err(desk, aor, err);
}
