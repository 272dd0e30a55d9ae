/* The server, through DATA/control: a JSON object a line. What may be said is in its own source. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/local.h"
#include "tools/keeper.h"

struct keeper_socket {
    struct keeper keeper;
    FILE *in;
    FILE *out;
};

static struct keeper_socket *socket_of(struct keeper *keeper)
{
    return CONTAINER_OF(keeper, struct keeper_socket, keeper);
}

static json_t *text(struct slice s)
{
    return json_stringn(s.len > 0 ? s.ptr : "", s.len);
}

static struct slice text_in(const json_t *object, const char *name)
{
    const json_t *string = json_object_get(object, name);

    return (struct slice){json_string_value(string), json_string_length(string)};
}

/* --- a question and its answers ----------------------------------------------------------------
 */

/* Takes the object over. */
static bool say(struct keeper *keeper, json_t *object)
{
    FILE *out = socket_of(keeper)->out;
    bool ok = object != NULL && json_dumpf(object, out, JSON_COMPACT) == 0 && putc('\n', out) >= 0;

    json_decref(object);
    return ok;
}

static bool refuse_answer(struct buffer *fault)
{
    buffer_add_text(fault, "the server hung up: look at its log");
    return false;
}

/* One line. Returns an object of the caller's, or NULL. */
static json_t *hear(struct keeper *keeper)
{
    FILE *in = socket_of(keeper)->in;
    json_t *answer = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL);

    while (answer != NULL && getc(in) != '\n' && !feof(in))
        ;
    return answer;
}

/* The last line of an answer. Takes it over. */
static bool conclude(json_t *answer, struct buffer *fault)
{
    bool ok = json_is_true(json_object_get(answer, "ok"));
    struct slice error = text_in(answer, "error");

    if (!ok && error.len == 0)
        refuse_answer(fault);
    else if (!ok)
        buffer_add(fault, error);
    json_decref(answer);
    return ok;
}

static bool ask(struct keeper *keeper, json_t *question, struct buffer *fault)
{
    if (!say(keeper, question) || fflush(socket_of(keeper)->out) != 0)
        return refuse_answer(fault);
    return conclude(hear(keeper), fault);
}

/* Every line of the answer but the last goes to `take`. */
static bool ask_for_list(struct keeper *keeper, json_t *question,
                         bool take(void *arg, const json_t *entry), void *arg, struct buffer *fault)
{
    if (!say(keeper, question) || fflush(socket_of(keeper)->out) != 0)
        return refuse_answer(fault);
    for (;;) {
        json_t *line = hear(keeper);
        if (json_object_get(line, "aor") == NULL)
            return conclude(line, fault);
        bool ok = take(arg, line);
        json_decref(line);
        if (!ok) {
            buffer_add_text(fault, err_text(ERR_MEMORY));
            return false;
        }
    }
}

/* --- users -------------------------------------------------------------------------------------
 */

static json_t *user_object(const struct user *user)
{
    char memory[2 * sizeof(user->secrets)];
    struct buffer secrets = buffer_over(memory, sizeof(memory));

    buffer_add_hex(&secrets, &user->secrets, sizeof(user->secrets));
    return json_pack("{so, so}", "aor", text((struct slice){user->aor, user->aor_len}), "secrets",
                     text(buffer_slice(&secrets)));
}

static json_t *user_question(const char *what, const struct user *user)
{
    json_t *question = user_object(user);

    if (question != NULL && json_object_set_new(question, "do", json_string(what)) == 0)
        return question;
    json_decref(question);
    return NULL;
}

static bool add_user(struct keeper *keeper, const struct user *user, struct buffer *fault)
{
    return ask(keeper, user_question("user-add", user), fault);
}

static bool change_user(struct keeper *keeper, const struct user *user, struct buffer *fault)
{
    return ask(keeper, user_question("user-change", user), fault);
}

static json_t *question_about(const char *what, struct slice aor)
{
    return json_pack("{ss, so}", "do", what, "aor", text(aor));
}

static bool remove_user(struct keeper *keeper, struct slice aor, struct buffer *fault)
{
    return ask(keeper, question_about("user-remove", aor), fault);
}

static bool import_users(struct keeper *keeper, const struct user *users, size_t count,
                         struct buffer *fault)
{
    if (!ask(keeper, json_pack("{ss}", "do", "import-begin"), fault))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!say(keeper, user_object(&users[i])))
            return refuse_answer(fault);
    }
    return ask(keeper, json_pack("{ss}", "do", "import-end"), fault);
}

struct user_listing {
    keeper_each_user *each;
    void *arg;
};

static bool take_user(void *arg, const json_t *entry)
{
    struct user_listing *listing = arg;

    return listing->each(listing->arg, text_in(entry, "aor"), text_in(entry, "alias_of"));
}

static bool list_users(struct keeper *keeper, keeper_each_user *each, void *arg,
                       struct buffer *fault)
{
    struct user_listing listing = {each, arg};

    return ask_for_list(keeper, json_pack("{ss}", "do", "user-list"), take_user, &listing, fault);
}

static bool add_alias(struct keeper *keeper, struct slice alias, struct slice aor,
                      struct buffer *fault)
{
    json_t *question =
        json_pack("{ss, so, so}", "do", "alias-add", "alias", text(alias), "aor", text(aor));

    return ask(keeper, question, fault);
}

static bool remove_alias(struct keeper *keeper, struct slice alias, struct buffer *fault)
{
    return ask(keeper, json_pack("{ss, so}", "do", "alias-remove", "alias", text(alias)), fault);
}

/* --- locations ---------------------------------------------------------------------------------
 */

struct binding_listing {
    keeper_each_binding *each;
    void *arg;
};

static bool take_binding(void *arg, const json_t *entry)
{
    struct binding_listing *listing = arg;
    const struct keeper_binding binding = {
        .aor = text_in(entry, "aor"),
        .contact = text_in(entry, "contact"),
        .params = text_in(entry, "params"),
        .path = text_in(entry, "path"),
        .call_id = text_in(entry, "call_id"),
        .user_agent = text_in(entry, "user_agent"),
        .cseq = (uint32_t)json_integer_value(json_object_get(entry, "cseq")),
        .q_thousandths = (uint16_t)json_integer_value(json_object_get(entry, "q_thousandths")),
        .expires_s = (uint64_t)json_integer_value(json_object_get(entry, "expires_s")),
        .is_unreachable = json_is_false(json_object_get(entry, "reachable")),
    };

    return listing->each(listing->arg, &binding);
}

static bool list_bindings(struct keeper *keeper, struct slice aor, keeper_each_binding *each,
                          void *arg, struct buffer *fault)
{
    struct binding_listing listing = {each, arg};
    json_t *question = aor.len > 0 ? question_about("location-show", aor)
                                   : json_pack("{ss}", "do", "location-list");

    return ask_for_list(keeper, question, take_binding, &listing, fault);
}

static bool remove_bindings(struct keeper *keeper, struct slice aor, struct buffer *fault)
{
    return ask(keeper, question_about("location-remove", aor), fault);
}

/* --- opening and closing -----------------------------------------------------------------------
 */

static void close_socket(struct keeper *keeper)
{
    struct keeper_socket *k = socket_of(keeper);

    fclose(k->in);
    fclose(k->out);
    free(k);
}

static const struct keeper_ways ways = {
    .add_user = add_user,
    .change_user = change_user,
    .remove_user = remove_user,
    .import_users = import_users,
    .list_users = list_users,
    .add_alias = add_alias,
    .remove_alias = remove_alias,
    .list_bindings = list_bindings,
    .remove_bindings = remove_bindings,
    .close = close_socket,
};

static FILE *stream_of(int fd, const char *mode)
{
    int copy = dup(fd);
    FILE *stream = copy >= 0 ? fdopen(copy, mode) : NULL;

    if (stream == NULL && copy >= 0)
        close(copy);
    return stream;
}

static struct keeper *keeper_over(int fd)
{
    struct keeper_socket *k = malloc(sizeof(*k));

    if (k == NULL)
        return NULL;
    *k = (struct keeper_socket){{&ways}, stream_of(fd, "re"), stream_of(fd, "we")};
    if (k->in != NULL && k->out != NULL)
        return &k->keeper;
    if (k->in != NULL)
        fclose(k->in);
    if (k->out != NULL)
        fclose(k->out);
    free(k);
    return NULL;
}

struct keeper *keeper_socket_open(const char *folder, struct buffer *fault)
{
    int fd = net_local_connect(folder, "control");

    if (fd < 0) {
        if (fd == -EACCES || fd == -EPERM)
            buffer_printf(fault, "cannot ask the server of %.300s: %s", folder, strerror(-fd));
        return NULL;
    }
    struct keeper *keeper = keeper_over(fd);
    close(fd);
    if (keeper == NULL)
        buffer_add_text(fault, err_text(ERR_MEMORY));
    return keeper;
}
