/* RFC 8555 8.1 and 8.3. Token and authorization are a stranger's words, the token a file's name. */
#include "server/acme_hook.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/slice.h"

enum { DECLINED = 1, MAX_TOKEN = 128, MAX_AUTHORIZATION = 512, WORD_COUNT = 6 };

bool acme_hook_is_wanted(void)
{
    return getenv(ACME_HOOK_FOLDER) != NULL;
}

/* base64url: RFC 8555 8.3, RFC 4648 5; and `also`, if that is not 0. */
static bool is_safe(const char *text, size_t max, char also)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        char c = ascii_lower(text[i]);
        bool is_letter = c >= 'a' && c <= 'z';
        if (!is_letter && !ascii_is_digit(c) && c != '-' && c != '_' && (also == 0 || c != also))
            return false;
    }
    return len > 0 && len <= max;
}

static bool publish(int folder, const char *token, const char *authorization)
{
    struct slice text = slice_of(authorization);
    int fd = openat(folder, token, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    bool ok = write(fd, text.ptr, text.len) == (ssize_t)text.len;
    return close(fd) == 0 && ok;
}

static bool carry_out(int folder, const char *method, const char *token, const char *authorization)
{
    if (strcmp(method, "begin") == 0)
        return publish(folder, token, authorization);
    return unlinkat(folder, token, 0) == 0;
}

int acme_hook(int argc, char **argv)
{
    if (argc != WORD_COUNT || strcmp(argv[2], "http-01") != 0 || !is_safe(argv[4], MAX_TOKEN, 0)
        || !is_safe(argv[5], MAX_AUTHORIZATION, '.'))
        return DECLINED;
    int folder = open(getenv(ACME_HOOK_FOLDER), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return DECLINED;
    bool ok = carry_out(folder, argv[1], argv[4], argv[5]);
    close(folder);
    return ok ? 0 : DECLINED;
}
