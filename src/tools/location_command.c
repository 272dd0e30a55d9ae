/* tchin location: where users can be reached, and until when. */
#include <jansson.h>
#include <stdio.h>

#include "tools/aor.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/keeper.h"
#include "tools/output.h"

static int list(int argc, char **argv);
static int show(int argc, char **argv);
static int remove_all(int argc, char **argv);

static const char help[] = "Usage: tchin location list|show|remove\n"
                           "\n"
                           "  list          all registrations\n"
                           "  show AOR      those of one user\n"
                           "  remove AOR    ends those of one user\n"
                           "\n"
                           "Each has --help and --data DIR. They work with and without a running "
                           "tchind.\n";

int location_command(int argc, char **argv)
{
    static const struct command commands[] = {
        {"list",   list      },
        {"show",   show      },
        {"remove", remove_all}
    };

    return command_run(commands, ARRAY_LEN(commands), help, argc, argv);
}

/* --- what is shown of a binding ----------------------------------------------------------------
 */

static const char *const titles[] = {"USER", "CONTACT", "EXPIRES IN", "USER AGENT"};

struct listing {
    bool wants_json;
    struct table table;
    size_t count;
};

static bool print_json(const struct keeper_binding *b)
{
    json_t *object = json_pack("{so, so, sf, sI}", "aor", output_json_text(b->aor), "contact",
                               output_json_text(b->contact), "q", (double)b->q_thousandths / 1000,
                               "expires_s", (json_int_t)b->expires_s);

    json_object_set_new(object, "reachable", json_boolean(!b->is_unreachable));
    json_object_set_new(object, "params", output_json_text(b->params));
    json_object_set_new(object, "path", output_json_text(b->path));
    json_object_set_new(object, "call_id", output_json_text(b->call_id));
    json_object_set_new(object, "cseq", json_integer((json_int_t)b->cseq));
    json_object_set_new(object, "user_agent", output_json_text(b->user_agent));
    output_json(object);
    return true;
}

static bool add_binding(void *arg, const struct keeper_binding *b)
{
    struct listing *listing = arg;
    char text[32];
    struct buffer seconds = buffer_over(text, sizeof(text));

    listing->count++;
    if (listing->wants_json)
        return print_json(b);
    buffer_add_u64(&seconds, b->expires_s);
    buffer_add_text(&seconds, b->is_unreachable ? " s, unreachable" : " s");
    const struct slice cells[] = {b->aor, b->contact, buffer_slice(&seconds), b->user_agent};
    return table_add(&listing->table, cells);
}

static bool count_binding(void *arg, const struct keeper_binding *binding)
{
    size_t *count = arg;

    (void)binding;
    ++*count;
    return true;
}

/* --- the commands ------------------------------------------------------------------------------
 */

/* `aor` is empty for all users. */
static bool print_bindings(const char *folder, struct slice aor, struct listing *listing,
                           struct buffer *fault)
{
    struct keeper *keeper = keeper_open(folder, false, fault);
    if (keeper == NULL)
        return false;
    bool ok = table_init(&listing->table, titles, ARRAY_LEN(titles))
              && keeper->ways->list_bindings(keeper, aor, add_binding, listing, fault);
    keeper_close(keeper);
    table_print(&listing->table);
    table_fini(&listing->table);
    return ok;
}

static int list(int argc, char **argv)
{
    static const char list_help[] = "Usage: tchin location list [--data DIR] [--json]\n"
                                    "\n"
                                    "Lists all registrations.\n";
    const char *folder = NULL;
    struct listing listing = {0};
    const struct flag flags[] = {
        {"data", &folder, NULL               },
        {"json", NULL,    &listing.wants_json}
    };
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));

    enum flags_outcome outcome = flags_read(argc, argv, flags, ARRAY_LEN(flags), 0, 0, list_help);
    if (outcome != FLAGS_READ)
        return flags_exit_code(outcome);
    return print_bindings(folder, SLICE_NONE, &listing, &fault) ? DONE : fail(&fault);
}

static int say_not_registered(const struct aor *aor)
{
    fprintf(stderr, "tchin: %.*s is not registered\n", SLICE_ARGS(aor_slice(aor)));
    return FAILED;
}

static int show(int argc, char **argv)
{
    static const char show_help[] =
        "Usage: tchin location show AOR [--data DIR] [--json]\n"
        "\n"
        "Shows the registrations of a user; exits 1 if there are none.\n";
    const char *folder = NULL;
    struct listing listing = {0};
    const struct flag flags[] = {
        {"data", &folder, NULL               },
        {"json", NULL,    &listing.wants_json}
    };
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct aor aor;

    enum flags_outcome outcome = flags_read(argc, argv, flags, ARRAY_LEN(flags), 1, 1, show_help);
    if (outcome != FLAGS_READ)
        return flags_exit_code(outcome);
    if (!aor_read(slice_of(argv[1]), &aor, &fault))
        return refuse(&fault);
    if (!print_bindings(folder, aor_slice(&aor), &listing, &fault))
        return fail(&fault);
    return listing.count > 0 ? DONE : say_not_registered(&aor);
}

static int remove_all(int argc, char **argv)
{
    static const char remove_help[] =
        "Usage: tchin location remove AOR [--data DIR]\n"
        "\n"
        "Ends all registrations of a user; exits 1 if there are none.\n";
    const char *folder = NULL;
    const struct flag flags[] = {
        {"data", &folder, NULL}
    };
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    size_t count = 0;
    struct aor aor;

    enum flags_outcome outcome = flags_read(argc, argv, flags, ARRAY_LEN(flags), 1, 1, remove_help);
    if (outcome != FLAGS_READ)
        return flags_exit_code(outcome);
    if (!aor_read(slice_of(argv[1]), &aor, &fault))
        return refuse(&fault);
    struct keeper *keeper = keeper_open(folder, false, &fault);
    bool ok = keeper != NULL
              && keeper->ways->list_bindings(keeper, aor_slice(&aor), count_binding, &count, &fault)
              && keeper->ways->remove_bindings(keeper, aor_slice(&aor), &fault);
    keeper_close(keeper);
    if (!ok)
        return fail(&fault);
    return count > 0 ? DONE : say_not_registered(&aor);
}
