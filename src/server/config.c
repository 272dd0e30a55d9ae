/*
 * tchin.conf: libconfuse reads the form, the rows of keys.c give it meaning. Values are judged as
 * they are read, when the line is known, and applied when the whole file has been understood: so
 * what a domain does not say is what the file says for all, wherever it says it.
 */
#include "server/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdlib.h>

#include "server/comments.h"
#include "server/keys.h"
#include "server/nearest.h"

enum { MAX_KEYS = 64, MAX_FILE_BYTES = 1 << 20 };

/* Under this name libconfuse hands us our own reader back. It can be no word of the file. */
#define READER_NAME "(reader)"

struct reader {
    const char *path;
    struct buffer *fault;
    void *self;            /* what READER_NAME leads to */
    struct settings trial; /* where values are tried out */
    cfg_opt_t of_domain[MAX_KEYS];
    cfg_opt_t of_all[MAX_KEYS];
    cfg_t *file;
};

static bool start(struct reader *r);
static bool parse(struct reader *r);
static bool apply(const struct reader *r, struct settings *settings);
static bool check_whole(const struct reader *r, const struct settings *settings);

bool config_read(const char *path, struct settings *settings, struct buffer *fault)
{
    struct reader *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        buffer_add_text(fault, "out of memory");
        return false;
    }
    *r = (struct reader){.path = path, .fault = fault, .self = r};
    settings_init(&r->trial);
    bool ok = start(r) && parse(r) && apply(r, settings) && check_whole(r, settings);
    cfg_free(r->file);
    free(r);
    return ok;
}

/* --- what may be in it -------------------------------------------------------------------------
 */

static int judge_value(cfg_t *section, cfg_opt_t *opt);
static int judge_listener(cfg_t *section, cfg_opt_t *opt);
static int judge_domain(cfg_t *section, cfg_opt_t *opt);
static void take_complaint(cfg_t *section, const char *format, va_list args);

static size_t list_keys(struct reader *r, const struct key *keys, size_t count, cfg_opt_t *out)
{
    for (size_t i = 0; i < count; i++) {
        cfg_opt_t opt = CFG_STR(keys[i].name, NULL, CFGF_NODEFAULT);
        opt.validcb = judge_value;
        out[i] = opt;
    }
    cfg_opt_t reader = CFG_PTR_CB(READER_NAME, NULL, CFGF_NONE, NULL, NULL);
    reader.simple_value.ptr = &r->self;
    out[count] = reader;
    return count + 1;
}

static bool start(struct reader *r)
{
    cfg_opt_t listen = CFG_STR_LIST("listen", NULL, CFGF_NODEFAULT);
    cfg_opt_t end = CFG_END();

    size_t count = list_keys(r, domain_keys, domain_key_count, r->of_domain);
    r->of_domain[count] = end;

    cfg_opt_t domain =
        CFG_SEC("domain", r->of_domain, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    listen.validcb = judge_listener;
    domain.validcb = judge_domain;
    count = list_keys(r, settings_keys, settings_key_count, r->of_all);
    r->of_all[count++] = listen;
    r->of_all[count++] = domain;
    r->of_all[count] = end;

    r->file = cfg_init(r->of_all, CFGF_NONE);
    if (r->file == NULL) {
        buffer_add_text(r->fault, "out of memory");
        return false;
    }
    cfg_set_error_function(r->file, take_complaint);
    return true;
}

/* --- reading it --------------------------------------------------------------------------------
 */

/* All of it, with a NUL at its end; the caller's. NULL: it has been said. */
static char *read_text(const struct reader *r)
{
    FILE *file = fopen(r->path, "re");
    char *text = file != NULL ? malloc(MAX_FILE_BYTES + 1) : NULL;
    size_t len = text != NULL ? fread(text, 1, MAX_FILE_BYTES, file) : 0;
    const char *reason = NULL;

    if (text == NULL || ferror(file))
        reason = strerror(errno);
    else if (len == MAX_FILE_BYTES || memchr(text, '\0', len) != NULL)
        reason = "it is no text, or very long";
    if (file != NULL)
        fclose(file);
    if (reason == NULL) {
        text[len] = '\0';
        return text;
    }
    buffer_printf(r->fault, "cannot read %.300s: %s", r->path, reason);
    free(text);
    return NULL;
}

static bool parse(struct reader *r)
{
    char *text = read_text(r);

    if (text == NULL)
        return false;
    comments_blank(text, strlen(text));
    int result = cfg_parse_buf(r->file, text);
    free(text);
    if (result != CFG_SUCCESS && r->fault->len == 0) /* only here does libconfuse say nothing */
        buffer_printf(r->fault, "%.300s: the file ends in a string: close it", r->path);
    return result == CFG_SUCCESS;
}

static struct reader *reader_of(cfg_t *section)
{
    return cfg_getptr(section, READER_NAME);
}

/* One sentence; the first that is found. */
static struct buffer *complain_at(cfg_t *section)
{
    struct reader *r = reader_of(section);

    r->fault->len = 0;
    buffer_printf(r->fault, "%.300s:%d: ", r->path, section->line);
    return r->fault;
}

static bool is_domain(const cfg_t *section)
{
    return section->title != NULL;
}

static const struct key *find_key(const cfg_t *section, const char *name)
{
    const struct key *keys = is_domain(section) ? domain_keys : settings_keys;

    while (strcmp(keys->name, name) != 0)
        keys++;
    return keys;
}

static int judge_value(cfg_t *section, cfg_opt_t *opt)
{
    struct reader *r = reader_of(section);
    struct domain_settings domain;
    void *holder = is_domain(section) ? (void *)&domain : (void *)&r->trial;
    struct buffer *fault = complain_at(section);

    if (!key_set(find_key(section, opt->name), holder, slice_of(cfg_opt_getnstr(opt, 0)), fault))
        return CFG_FAIL;
    fault->len = 0;
    return CFG_SUCCESS;
}

static int judge_listener(cfg_t *section, cfg_opt_t *opt)
{
    struct reader *r = reader_of(section);
    struct buffer *fault = complain_at(section);
    unsigned count = cfg_opt_size(opt);

    r->trial.listener_count = count - 1;
    if (count > SETTINGS_MAX_LISTENERS)
        r->trial.listener_count = SETTINGS_MAX_LISTENERS;
    if (!settings_add_listener(&r->trial, slice_of(cfg_opt_getnstr(opt, count - 1)), fault))
        return CFG_FAIL;
    fault->len = 0;
    return CFG_SUCCESS;
}

static int judge_domain(cfg_t *section, cfg_opt_t *opt)
{
    struct reader *r = reader_of(section);
    const char *name = cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));

    if (settings_add_domain(&r->trial, slice_of(name)) != NULL)
        return CFG_SUCCESS;
    if (r->trial.domain_count == SETTINGS_MAX_DOMAINS)
        buffer_printf(complain_at(section), "there may be %d domains", SETTINGS_MAX_DOMAINS);
    else
        buffer_printf(complain_at(section),
                      "\"%.80s\" is no domain name: write one such as example.org", name);
    return CFG_FAIL;
}

static const char *nearest_key(cfg_t *section, struct slice wrong)
{
    const char *names[MAX_KEYS];
    size_t count = 0;

    for (const cfg_opt_t *opt = section->opts; opt->name != NULL; opt++) {
        if (strcmp(opt->name, READER_NAME) != 0)
            names[count++] = opt->name;
    }
    return nearest_word(wrong, names, count);
}

static bool is_key_of_all(struct slice name)
{
    for (size_t i = 0; i < settings_key_count; i++) {
        if (slice_equal(name, slice_of(settings_keys[i].name)))
            return true;
    }
    return slice_equal(name, SLICE("listen"));
}

/* What libconfuse itself finds wrong: the form, and keys that it was not told of. */
static void take_complaint(cfg_t *section, const char *format, va_list args)
{
    static const struct slice unknown_key = {"no such option '", 16};
    char memory[256];
    struct buffer *fault = complain_at(section);
    int len = vsnprintf(memory, sizeof(memory), format, args);
    struct slice text = slice_of(len >= 0 ? memory : format);

    if (!slice_starts_with(text, unknown_key)) {
        buffer_add(fault, text);
        return;
    }
    struct slice key = slice_after(text, unknown_key.len);
    key.len = slice_find(key, '\'');
    if (is_domain(section) && is_key_of_all(key))
        buffer_printf(fault, "\"%.*s\" cannot differ by domain: write it outside of the section",
                      SLICE_ARGS(key));
    else
        buffer_printf(fault, "unknown key \"%.*s\"%s; did you mean \"%s\"?", SLICE_ARGS(key),
                      is_domain(section) ? " of a domain" : "", nearest_key(section, key));
}

/* --- applying it: all has been judged ----------------------------------------------------------
 */

static bool apply_keys(const struct reader *r, cfg_t *section, const struct key *keys, size_t count,
                       void *holder)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = cfg_getstr(section, keys[i].name);
        if (value != NULL && !key_set(&keys[i], holder, slice_of(value), r->fault))
            return false;
    }
    return true;
}

static bool apply_listeners(const struct reader *r, struct settings *settings)
{
    unsigned count = cfg_size(r->file, "listen");

    if (count > 0)
        settings->listener_count = 0;
    for (unsigned i = 0; i < count; i++) {
        const char *text = cfg_getnstr(r->file, "listen", i);
        if (!settings_add_listener(settings, slice_of(text), r->fault))
            return false;
    }
    return true;
}

static bool apply_domains(const struct reader *r, struct settings *settings)
{
    for (unsigned i = 0; i < cfg_size(r->file, "domain"); i++) {
        cfg_t *section = cfg_getnsec(r->file, "domain", i);
        struct domain_settings *domain =
            settings_add_domain(settings, slice_of(cfg_title(section)));
        if (domain == NULL || !apply_keys(r, section, domain_keys, domain_key_count, domain))
            return false;
    }
    return true;
}

static bool apply(const struct reader *r, struct settings *settings)
{
    return apply_keys(r, r->file, settings_keys, settings_key_count, settings)
           && apply_listeners(r, settings) && apply_domains(r, settings);
}

static bool check_whole(const struct reader *r, const struct settings *settings)
{
    if (settings->min_expires_s <= settings->default_expires_s
        && settings->default_expires_s <= settings->max_expires_s)
        return true;
    buffer_printf(r->fault,
                  "%.300s: min_expires (%us), default_expires (%us) and max_expires (%us) must not "
                  "fall: write them in rising order",
                  r->path, settings->min_expires_s, settings->default_expires_s,
                  settings->max_expires_s);
    return false;
}

/* --- printing ----------------------------------------------------------------------------------
 */

static void print_key(const struct key *key, const void *holder, const void *defaults, FILE *out)
{
    char value_text[4 * SETTINGS_MAX_PATH + 3];
    char default_text[4 * SETTINGS_MAX_PATH + 3];
    struct buffer value = buffer_over(value_text, sizeof(value_text));
    struct buffer usual = buffer_over(default_text, sizeof(default_text));

    key_write(key, holder, &value);
    key_write(key, defaults, &usual);
    fprintf(out, "%s = %.*s", key->name, SLICE_ARGS(buffer_slice(&value)));
    if (slice_equal(buffer_slice(&value), buffer_slice(&usual)))
        fprintf(out, "  # %s\n", key->meaning);
    else
        fprintf(out, "  # %s; default %.*s\n", key->meaning, SLICE_ARGS(buffer_slice(&usual)));
}

static void print_listeners(const struct settings *settings, FILE *out)
{
    if (settings->listener_count == 0)
        return;
    fputs("listen = {", out);
    for (size_t i = 0; i < settings->listener_count; i++) {
        const struct transport_listener *listener = &settings->listeners[i];
        char text[80];
        struct buffer uri = buffer_over(text, sizeof(text));

        transport_listener_write(listener, &uri);
        fprintf(out, "%s\"%.*s\"", i > 0 ? ", " : "", SLICE_ARGS(buffer_slice(&uri)));
    }
    fputs("}\n", out);
}

void config_print(const struct settings *settings, FILE *out)
{
    struct settings defaults;

    settings_init(&defaults);
    print_listeners(settings, out);
    for (size_t i = 0; i < settings_key_count; i++)
        print_key(&settings_keys[i], settings, &defaults, out);
    for (size_t d = 0; d < settings->domain_count; d++) {
        const struct domain_settings *domain = &settings->domains[d];
        const struct domain_settings usual = {.digest = settings->digest,
                                              .max_bindings = settings->max_bindings};
        fprintf(out, "\ndomain \"%s\" {\n", domain->name);
        for (size_t i = 0; i < domain_key_count; i++) {
            fputs("    ", out);
            print_key(&domain_keys[i], domain, &usual, out);
        }
        fputs("}\n", out);
    }
}
