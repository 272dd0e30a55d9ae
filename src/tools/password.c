/* HA1 = H(username ":" realm ":" password): RFC 7616 3.4.2. */
#include "tools/password.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { GROUPS = 4, GROUP_LETTERS = 5 };

/* Without those that look alike: 31 of them. */
static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";

static unsigned char random_byte(void)
{
    unsigned char byte;

    while (getrandom(&byte, 1, 0) != 1)
        if (errno != EINTR)
            abort(); /* not there: no password is better than a weak one */
    return byte;
}

static char random_letter(void)
{
    const unsigned count = sizeof(letters) - 1;
    unsigned char byte;

    do
        byte = random_byte();
    while (byte >= 256 / count * count); /* else the first letters would be likelier */
    return letters[byte % count];
}

void password_make(struct password *out)
{
    struct buffer text = buffer_over(out->text, sizeof(out->text));

    for (int group = 0; group < GROUPS; group++) {
        if (group > 0)
            buffer_add_char(&text, '-');
        for (int i = 0; i < GROUP_LETTERS; i++)
            buffer_add_char(&text, random_letter());
    }
    out->len = text.len;
}

static bool read_first_line(FILE *file, struct password *out)
{
    char line[PASSWORD_MAX + 2];

    if (fgets(line, sizeof(line), file) == NULL)
        return false;
    size_t len = strcspn(line, "\r\n");
    if (len == 0 || len > PASSWORD_MAX)
        return false;
    memcpy(out->text, line, len);
    out->len = len;
    return true;
}

bool password_read(const char *path, struct password *out, struct buffer *fault)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");

    if (file == NULL) {
        buffer_printf(fault, "cannot read %.300s: %s", path, strerror(errno));
        return false;
    }
    bool ok = read_first_line(file, out);
    if (!is_stdin)
        fclose(file);
    if (!ok)
        buffer_printf(fault, "%.300s: the first line is to be a password of %d letters at most",
                      path, PASSWORD_MAX);
    return ok;
}

bool password_apply(struct sip_hasher *hasher, const struct aor *aor, struct slice password,
                    struct user *out)
{
    struct slice whole = aor_slice(aor);
    struct slice name = {whole.ptr, slice_find(whole, '@')};
    struct slice realm = slice_after(whole, name.len + 1);
    const struct slice forms[USER_HA1_FORMS] = {name, whole};
    bool ok = true;

    *out = (struct user){.aor_len = (uint16_t)whole.len};
    memcpy(out->aor, whole.ptr, whole.len);
    for (int a = 0; a < USER_HA1_ALGORITHMS; a++) {
        for (int f = 0; f < USER_HA1_FORMS; f++)
            ok = ok
                 && sip_digest_ha1(hasher, (enum sip_digest_algorithm)a, forms[f], realm, password,
                                   out->secrets.ha1[a][f]);
    }
    return ok;
}
