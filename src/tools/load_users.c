/*
 * The file is kept as it was read; names and passwords are slices of it. What a name may be is for
 * sip_uri_parse to say, which sees each once.
 */
#include "tools/load_users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "sip/uri.h"

enum { MAX_FILE = 1 << 30, MAX_LINE = 512 };

static char *read_file(const char *path, size_t *len, struct buffer *fault)
{
    FILE *file = fopen(path, "re");
    size_t room = 1 << 16;
    char *text = file != NULL ? malloc(room) : NULL;

    *len = 0;
    while (text != NULL && room <= MAX_FILE) {
        *len += fread(text + *len, 1, room - *len, file);
        if (*len < room)
            break;
        room *= 2;
        char *larger = realloc(text, room);
        if (larger == NULL)
            free(text);
        text = larger;
    }
    if (text == NULL)
        buffer_printf(fault, "cannot read %.300s: %s", path, strerror(errno));
    else if (room > MAX_FILE)
        buffer_printf(fault, "%.300s is too large: %d bytes are read at most", path, MAX_FILE);
    if (file != NULL)
        fclose(file);
    return text;
}

/* sip:name@domain, or without "sip:". */
static bool read_aor(struct slice text, struct load_users *users, struct slice *name)
{
    char memory[MAX_LINE];
    struct buffer whole = buffer_over(memory, sizeof(memory));
    struct sip_uri uri;

    if (text.len > 4 && slice_equal_nocase((struct slice){text.ptr, 4}, SLICE("sip:")))
        text = slice_after(text, 4);
    buffer_add_text(&whole, "sip:");
    buffer_add(&whole, text);
    if (whole.overflowed || !sip_uri_parse(buffer_slice(&whole), &uri) || uri.user.len == 0
        || uri.text.len != 4 + uri.user.len + 1 + uri.host.len)
        return false;
    *name = (struct slice){text.ptr, uri.user.len};
    struct slice domain = slice_after(text, uri.user.len + 1);
    if (users->domain.len == 0)
        users->domain = domain;
    return slice_equal_nocase(domain, users->domain);
}

static bool add_user(struct load_users *users, struct load_user user)
{
    size_t count = users->count;

    if ((count & (count - 1)) == 0) { /* a power of two, or 0: it is full */
        struct load_user *list = realloc(users->list, (count > 0 ? 2 * count : 1) * sizeof(*list));
        if (list == NULL)
            return false;
        users->list = list;
    }
    users->list[users->count++] = user;
    return true;
}

static bool read_line(struct slice line, struct load_users *users, bool *is_full)
{
    size_t comma = slice_find(line, ',');
    struct load_user user = {.password = slice_after(line, comma + 1)};

    if (line.len == 0 || line.ptr[0] == '#')
        return true;
    if (user.password.len == 0
        || !read_aor(slice_trim((struct slice){line.ptr, comma}), users, &user.name))
        return false;
    *is_full = users->count == LOAD_USERS_MAX || !add_user(users, user);
    return !*is_full;
}

static struct slice without_return(struct slice line)
{
    while (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

bool load_users_read(const char *path, struct slice domain, struct load_users *out,
                     struct buffer *fault)
{
    size_t len;
    size_t number = 0;
    bool is_full = false;

    *out = (struct load_users){.domain = domain, .text = read_file(path, &len, fault)};
    struct slice rest = {out->text, len};
    while (rest.len > 0 && fault->len == 0) {
        struct slice line = {rest.ptr, slice_find(rest, '\n')};
        number++;
        rest = slice_after(rest, line.len + 1);
        if (!read_line(without_return(line), out, &is_full))
            buffer_printf(fault,
                          is_full ? "%.300s:%zu: these are more users than fit"
                                  : "%.300s:%zu: write AOR,password, each of one domain",
                          path, number);
    }
    if (fault->len == 0 && out->count == 0)
        buffer_printf(fault, "there are no users in %.300s", path);
    if (fault->len > 0)
        load_users_fini(out);
    return fault->len == 0;
}

void load_users_fini(struct load_users *users)
{
    free(users->list);
    free(users->text);
    users->list = NULL;
    users->text = NULL;
}

struct slice load_users_name(const struct load_users *users, uint32_t user,
                             char memory[LOAD_NAME_MAX])
{
    uint32_t number = users->first + user;

    if (users->list != NULL)
        return users->list[user].name;
    memcpy(memory, "user", 4);
    for (int i = 10; i >= 4; i--, number /= 10)
        memory[i] = (char)('0' + number % 10);
    return (struct slice){memory, 11};
}

struct slice load_users_password(const struct load_users *users, uint32_t user)
{
    return users->list != NULL ? users->list[user].password : users->password;
}
