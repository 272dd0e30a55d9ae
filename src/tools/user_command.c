/* tchin user: who may register and call. */
#include <jansson.h>
#include <stdio.h>

#include "tools/aor.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/keeper.h"
#include "tools/output.h"
#include "tools/password.h"

static int add(int argc, char **argv);
static int passwd(int argc, char **argv);
static int remove_one(int argc, char **argv);
static int list(int argc, char **argv);
static int alias(int argc, char **argv);

static const char help[] =
    "Usage: tchin user add|passwd|remove|list|import|alias\n"
    "\n"
    "  add AOR         a new user, such as alice@example.org\n"
    "  passwd AOR      gives a user another password\n"
    "  remove AOR      with aliases and registrations\n"
    "  list            users and aliases\n"
    "  import FILE     many users, a line \"AOR,password\" each\n"
    "  alias           other names of a user\n"
    "\n"
    "Each has --help and --data DIR. They work with and without a running tchind.\n";

int user_command(int argc, char **argv)
{
    static const struct command commands[] = {
        {"add",    add                },
        {"passwd", passwd             },
        {"remove", remove_one         },
        {"list",   list               },
        {"import", user_import_command},
        {"alias",  alias              },
    };

    return command_run(commands, ARRAY_LEN(commands), help, argc, argv);
}

/* --- add, passwd -------------------------------------------------------------------------------
 */

struct putting {
    const char *help;
    const char *talk;
    bool may_create;
    bool is_new;
    const char *folder;
    const char *password_file;
    bool wants_json;
};

static bool make_user(const struct aor *aor, struct slice password, struct user *out,
                      struct buffer *fault)
{
    struct sip_hasher *hasher = sip_hasher_new();
    bool ok = hasher != NULL && password_apply(hasher, aor, password, out);

    sip_hasher_free(hasher);
    if (!ok)
        buffer_add_text(fault, "the hashes of passwords do not work here");
    return ok;
}

static bool keep_user(const struct putting *p, const struct user *user, struct buffer *fault)
{
    struct keeper *keeper = keeper_open(p->folder, p->is_new, fault);
    if (keeper == NULL)
        return false;
    bool ok = p->is_new ? keeper->ways->add_user(keeper, user, fault)
                        : keeper->ways->change_user(keeper, user, fault);
    keeper_close(keeper);
    return ok;
}

/* The password is data: it is the only thing on standard output. */
static void tell_password(const struct putting *p, const struct aor *aor,
                          const struct password *password)
{
    if (p->wants_json) {
        output_json(json_pack("{so, ss%}", "aor", output_json_text(aor_slice(aor)), "password",
                              password->text, password->len));
        return;
    }
    fprintf(stderr, "%.*s %s; the password is\n", SLICE_ARGS(aor_slice(aor)), p->talk);
    printf("%.*s\n", (int)password->len, password->text);
}

static int put(int argc, char **argv, struct putting *p)
{
    const struct flag flags[] = {
        {"data",          &p->folder,        NULL          },
        {"password-file", &p->password_file, NULL          },
        {"json",          NULL,              &p->wants_json}
    };
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct password password;
    struct user user;
    struct aor aor;

    enum flags_outcome outcome = flags_read(argc, argv, flags, ARRAY_LEN(flags), 1, 1, p->help);
    if (outcome != FLAGS_READ)
        return flags_exit_code(outcome);
    if (!aor_read(slice_of(argv[1]), &aor, &fault))
        return refuse(&fault);
    if (p->password_file == NULL)
        password_make(&password);
    else if (!password_read(p->password_file, &password, &fault))
        return fail(&fault);
    struct slice secret = {password.text, password.len};
    if (!make_user(&aor, secret, &user, &fault) || !keep_user(p, &user, &fault))
        return fail(&fault);
    if (p->password_file == NULL)
        tell_password(p, &aor, &password);
    return DONE;
}

static int add(int argc, char **argv)
{
    struct putting p = {
        .help = "Usage: tchin user add AOR [--password-file FILE] [--data DIR] [--json]\n"
                "\n"
                "Adds a user. The password is the first line of FILE (\"-\": of standard input);\n"
                "without FILE one is made and printed. The server keeps hashes of it only.\n",
        .talk = "added",
        .is_new = true,
    };

    return put(argc, argv, &p);
}

static int passwd(int argc, char **argv)
{
    struct putting p = {
        .help =
            "Usage: tchin user passwd AOR [--password-file FILE] [--data DIR] [--json]\n"
            "\n"
            "Gives a user the password in the first line of FILE (\"-\": of standard input), or a\n"
            "new one, which is printed.\n",
        .talk = "changed",
    };

    return put(argc, argv, &p);
}

/* --- remove, alias -----------------------------------------------------------------------------
 */

typedef bool change(struct keeper *keeper, const struct aor *aors, struct buffer *fault);

/* A command whose words are all AoRs, and which changes something. */
static int run_change(int argc, char **argv, int words, const char *change_help, change *change_it)
{
    const char *folder = NULL;
    const struct flag flags[] = {
        {"data", &folder, NULL}
    };
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct aor aors[2];

    enum flags_outcome outcome =
        flags_read(argc, argv, flags, ARRAY_LEN(flags), words, words, change_help);
    if (outcome != FLAGS_READ)
        return flags_exit_code(outcome);
    for (int i = 0; i < words; i++) {
        if (!aor_read(slice_of(argv[i + 1]), &aors[i], &fault))
            return refuse(&fault);
    }
    struct keeper *keeper = keeper_open(folder, false, &fault);
    bool ok = keeper != NULL && change_it(keeper, aors, &fault);
    keeper_close(keeper);
    return ok ? DONE : fail(&fault);
}

static bool do_remove(struct keeper *keeper, const struct aor *aors, struct buffer *fault)
{
    return keeper->ways->remove_user(keeper, aor_slice(&aors[0]), fault);
}

static bool do_add_alias(struct keeper *keeper, const struct aor *aors, struct buffer *fault)
{
    return keeper->ways->add_alias(keeper, aor_slice(&aors[0]), aor_slice(&aors[1]), fault);
}

static bool do_remove_alias(struct keeper *keeper, const struct aor *aors, struct buffer *fault)
{
    return keeper->ways->remove_alias(keeper, aor_slice(&aors[0]), fault);
}

static int remove_one(int argc, char **argv)
{
    return run_change(argc, argv, 1,
                      "Usage: tchin user remove AOR [--data DIR]\n"
                      "\n"
                      "Removes a user, with aliases and registrations.\n",
                      do_remove);
}

static int add_alias(int argc, char **argv)
{
    return run_change(argc, argv, 2,
                      "Usage: tchin user alias add ALIAS AOR [--data DIR]\n"
                      "\n"
                      "Who calls ALIAS reaches the user AOR. Nobody logs in as an alias.\n",
                      do_add_alias);
}

static int remove_alias(int argc, char **argv)
{
    return run_change(argc, argv, 1,
                      "Usage: tchin user alias remove ALIAS [--data DIR]\n"
                      "\n"
                      "Removes an alias; its user stays.\n",
                      do_remove_alias);
}

static int alias(int argc, char **argv)
{
    static const struct command commands[] = {
        {"add",    add_alias   },
        {"remove", remove_alias}
    };

    return command_run(commands, ARRAY_LEN(commands),
                       "Usage: tchin user alias add ALIAS AOR | remove ALIAS\n"
                       "\n"
                       "Other names of a user, such as info@example.org; each has --help.\n",
                       argc, argv);
}

/* --- list --------------------------------------------------------------------------------------
 */

static bool list_as_json(void *arg, struct slice aor, struct slice alias_of)
{
    (void)arg;
    json_t *object = json_pack("{so}", "aor", output_json_text(aor));
    if (alias_of.len > 0)
        json_object_set_new(object, "alias_of", output_json_text(alias_of));
    output_json(object);
    return true;
}

static bool list_as_row(void *arg, struct slice aor, struct slice alias_of)
{
    const struct slice cells[] = {aor, alias_of};

    return table_add(arg, cells);
}

static int list(int argc, char **argv)
{
    static const char list_help[] = "Usage: tchin user list [--data DIR] [--json]\n"
                                    "\n"
                                    "Lists users, and aliases with the user whose they are.\n";
    static const char *const titles[] = {"USER", "ALIAS OF"};
    const char *folder = NULL;
    bool wants_json = false;
    const struct flag flags[] = {
        {"data", &folder, NULL       },
        {"json", NULL,    &wants_json}
    };
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct table table;

    enum flags_outcome outcome = flags_read(argc, argv, flags, ARRAY_LEN(flags), 0, 0, list_help);
    if (outcome != FLAGS_READ)
        return flags_exit_code(outcome);
    struct keeper *keeper = keeper_open(folder, false, &fault);
    if (keeper == NULL)
        return fail(&fault);
    bool ok = table_init(&table, titles, ARRAY_LEN(titles))
              && keeper->ways->list_users(keeper, wants_json ? list_as_json : list_as_row, &table,
                                          &fault);
    keeper_close(keeper);
    table_print(&table);
    table_fini(&table);
    return ok ? DONE : fail(&fault);
}
