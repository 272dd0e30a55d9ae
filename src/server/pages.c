/* A row of the table is a page, or all below a path. */
#include "server/pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    MAX_TOKEN = 128,
    MAX_CHALLENGE = 1024, /* token "." thumbprint, and a line end perhaps */
};

typedef void page_writer(struct worker *w, struct slice rest, struct http_page *out);

static page_writer say_health, say_readiness, show_challenge;

static const struct page {
    struct slice path;
    bool has_rest;
    page_writer *write;
} pages[] = {
    {{"/healthz", 8},                      false, say_health    },
    {{"/readyz", 7},                       false, say_readiness },
    {{"/.well-known/acme-challenge/", 28}, true,  show_challenge},
};

static void say(struct http_page *out, unsigned status, struct slice text)
{
    *out = (struct http_page){status, text};
}

void pages_find(struct worker *w, struct slice path, struct http_page *out)
{
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        const struct page *page = &pages[i];
        if (page->has_rest ? slice_starts_with(path, page->path) : slice_equal(path, page->path)) {
            page->write(w, slice_after(path, page->path.len), out);
            return;
        }
    }
    say(out, 404, SLICE("There is no such page.\n"));
}

static void say_health(struct worker *w, struct slice rest, struct http_page *out)
{
    (void)w;
    (void)rest;
    say(out, 200, SLICE("ok\n"));
}

static void say_readiness(struct worker *w, struct slice rest, struct http_page *out)
{
    (void)rest;
    if (atomic_load(&w->server->stopping))
        say(out, 503, SLICE("stopping\n"));
    else
        say(out, 200, SLICE("ok\n"));
}

/* The base64url alphabet, as RFC 8555 8.3 demands: so it can be no path. */
static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = ascii_lower(text.ptr[i]);
        if (!ascii_is_digit(c) && (c < 'a' || c > 'z') && c != '-' && c != '_')
            return false;
    }
    return text.len > 0 && text.len <= MAX_TOKEN;
}

static ssize_t read_file(const char *path, char *memory, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return -1;
    ssize_t len = read(fd, memory, size);
    close(fd);
    return len;
}

/* A small file, there while a certificate is got: reading it is no wait worth another thread. */
static void show_challenge(struct worker *w, struct slice rest, struct http_page *out)
{
    char path[SETTINGS_MAX_PATH + MAX_TOKEN + 16];
    char *memory = arena_alloc(w->arena, MAX_CHALLENGE);

    say(out, 404, SLICE("There is no such challenge.\n"));
    if (!is_token(rest) || memory == NULL)
        return;
    (void)snprintf(path, sizeof(path), "%s/" PAGES_CHALLENGE_FOLDER "/%.*s",
                   w->settings->data_folder, SLICE_ARGS(rest));
    ssize_t len = read_file(path, memory, MAX_CHALLENGE);
    if (len > 0)
        say(out, 200, (struct slice){memory, (size_t)len});
}
