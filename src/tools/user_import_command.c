/*
 * tchin user import: many users at once, all of them or none. The passwords are hashed here, so
 * neither the server nor its socket sees them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tools/aor.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/keeper.h"
#include "tools/password.h"
#include "tools/progress.h"

enum { MAX_COMPLAINTS = 10 };

static const char help[] =
    "Usage: tchin user import FILE [--data DIR]\n"
    "\n"
    "Adds the users of FILE (\"-\": of standard input), a line \"AOR,password\" each; those that\n"
    "exist get the new password. Empty lines, and those that begin with \"#\", are passed over. "
    "If\n"
    "one line is wrong nothing is changed.\n";

struct import {
    const char *name; /* of the file */
    FILE *file;
    struct sip_hasher *hasher;
    struct user *users;
    size_t count;
    size_t room;
    size_t line_number;
    size_t complaints;
    bool has_no_memory;
};

static bool make_room(struct import *import)
{
    size_t room = import->room > 0 ? 2 * import->room : 256;

    if (import->count < import->room)
        return true;
    struct user *users = realloc(import->users, room * sizeof(*users));
    if (users == NULL)
        return false;
    import->users = users;
    import->room = room;
    return true;
}

static void complain(struct import *import, struct slice what)
{
    if (++import->complaints <= MAX_COMPLAINTS)
        fprintf(stderr, "tchin: %s:%zu: %.*s\n", import->name, import->line_number,
                SLICE_ARGS(what));
}

static void take_line(struct import *import, struct slice line)
{
    char text[256];
    struct buffer fault = buffer_over(text, sizeof(text));
    size_t comma = slice_find(line, ',');
    struct slice password = slice_after(line, comma + 1);
    struct aor aor;

    if (line.len == 0 || line.ptr[0] == '#')
        return;
    if (password.len == 0 || password.len > PASSWORD_MAX) {
        complain(import, SLICE("write AOR,password, such as alice@example.org,secret"));
        return;
    }
    if (!aor_read(slice_trim((struct slice){line.ptr, comma}), &aor, &fault)) {
        complain(import, buffer_slice(&fault));
        return;
    }
    if (!make_room(import)
        || !password_apply(import->hasher, &aor, password, &import->users[import->count]))
        import->has_no_memory = true;
    else
        import->count++;
}

static size_t file_size(FILE *file)
{
    struct stat st;

    return fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
}

static bool read_lines(struct import *import, struct buffer *fault)
{
    struct progress progress = progress_start("reading", file_size(import->file));
    char *line = NULL;
    size_t room = 0, done = 0;
    ssize_t len;

    while (!import->has_no_memory && (len = getline(&line, &room, import->file)) >= 0) {
        struct slice text = {line, (size_t)len};
        done += text.len;
        import->line_number++;
        while (text.len > 0 && (line[text.len - 1] == '\n' || line[text.len - 1] == '\r'))
            text.len--;
        take_line(import, text);
        if (progress.total > 1)
            progress_step(&progress, done);
    }
    progress_end(&progress);
    free(line);
    if (import->has_no_memory)
        buffer_add_text(fault, err_text(ERR_MEMORY));
    else if (ferror(import->file))
        buffer_printf(fault, "cannot read %.300s: %s", import->name, strerror(errno));
    else if (import->complaints > 0)
        buffer_printf(fault, "%zu lines of %.300s are wrong: nothing was changed",
                      import->complaints, import->name);
    else if (import->count == 0)
        buffer_printf(fault, "there are no users in %.300s", import->name);
    return fault->len == 0;
}

static bool keep(const struct import *import, const char *folder, struct buffer *fault)
{
    struct keeper *keeper = keeper_open(folder, true, fault);
    if (keeper == NULL)
        return false;
    bool ok = keeper->ways->import_users(keeper, import->users, import->count, fault);
    keeper_close(keeper);
    return ok;
}

static int run(struct import *import, const char *folder)
{
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));

    import->file = strcmp(import->name, "-") == 0 ? stdin : fopen(import->name, "re");
    if (import->file == NULL) {
        buffer_printf(&fault, "cannot read %.300s: %s", import->name, strerror(errno));
        return fail(&fault);
    }
    import->hasher = sip_hasher_new();
    import->has_no_memory = import->hasher == NULL;
    bool ok = read_lines(import, &fault) && keep(import, folder, &fault);
    sip_hasher_free(import->hasher);
    free(import->users);
    if (import->file != stdin)
        fclose(import->file);
    if (!ok)
        return fail(&fault);
    fprintf(stderr, "%zu users imported\n", import->count);
    return DONE;
}

int user_import_command(int argc, char **argv)
{
    const char *folder = NULL;
    const struct flag flags[] = {
        {"data", &folder, NULL}
    };
    enum flags_outcome outcome = flags_read(argc, argv, flags, ARRAY_LEN(flags), 1, 1, help);
    if (outcome != FLAGS_READ)
        return flags_exit_code(outcome);

    struct import import = {.name = argv[1]};
    return run(&import, folder);
}
