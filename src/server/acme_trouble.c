/* A line of two numbers under the name "acme DOMAIN". */
#include "server/acme_trouble.h"

enum { NAME_BYTES = SETTINGS_MAX_DOMAIN_NAME + 8, TROUBLE_BYTES = 40 };

static void write_name(const char *domain, char out[NAME_BYTES])
{
    struct buffer name = buffer_over(out, NAME_BYTES);

    buffer_add_text(&name, "acme ");
    buffer_add_text(&name, domain);
    buffer_add_char(&name, '\0');
}

struct acme_trouble acme_trouble_recall(const struct server *server, const char *domain)
{
    char name[NAME_BYTES], text[TROUBLE_BYTES];
    struct buffer line = buffer_over(text, sizeof(text));
    struct acme_trouble trouble = {0};

    write_name(domain, name);
    if (!store_remembered(server->store, name, &line))
        return trouble;
    struct slice failures = buffer_slice(&line);
    failures.len = slice_find(failures, ' ');
    if (!slice_to_u32(failures, UINT32_MAX, &trouble.failures)
        || !slice_to_u64(slice_after(buffer_slice(&line), failures.len + 1), UINT64_MAX,
                         &trouble.until_s))
        return (struct acme_trouble){0};
    return trouble;
}

void acme_trouble_remember(struct server *server, const char *domain, struct acme_trouble trouble)
{
    char name[NAME_BYTES], text[TROUBLE_BYTES];
    struct buffer line = buffer_over(text, sizeof(text));

    write_name(domain, name);
    buffer_printf(&line, "%u %llu", trouble.failures, (unsigned long long)trouble.until_s);
    if (store_remember(server->store, name, buffer_slice(&line)) != ERR_NONE)
        LOG_NOW(&server->log, LOG_ERROR, "the database does not keep what failed",
                {"domain", slice_of(domain)});
}
