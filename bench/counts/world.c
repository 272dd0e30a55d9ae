/* What src/server/main/tchind.c makes, in its order. */
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/lockout.h"
#include "server/nonce.h"
#include "server/worker.h"
#include "sip/uri.h"
#include "store/location.h"
#include "store/user.h"
#include "threads.h"
#include "virtual.h"

enum { NONCE_ENTRIES = 1 << 17, LOCKOUT_ENTRIES = 1 << 16 }; /* as tchind has them */

static struct server server;
static struct settings settings;
static char fault_text[512];

void world_fails(const char *why)
{
    fprintf(stderr, "counts: %s\n", why);
    exit(1);
}

static bool same_contact(struct slice a, struct slice b)
{
    struct sip_uri first, second;

    return sip_uri_parse(a, &first) && sip_uri_parse(b, &second) && sip_uri_equal(&first, &second);
}

static void open_store(struct buffer *fault)
{
    const struct store_settings store = {
        .folder = "data",
        .durability = settings.durability,
        .log = &server.log,
        .max_bindings = settings.max_bindings_total,
        .max_users = settings.max_users,
    };
    enum err err;

    server.store = store_open(&store, server_wall_ms(), &err, fault);
    if (server.store == NULL)
        world_fails(fault_text);
    location_set_comparison(server.store, same_contact);
}

static void add_users(void)
{
    static struct user users[USERS];
    struct sip_hasher *hasher = sip_hasher_new();

    for (unsigned i = 0; i < USERS; i++) {
        struct user *user = &users[i];
        user->aor_len = (uint16_t)snprintf(user->aor, sizeof(user->aor), "u%03u@" DOMAIN, i);
        if (!sip_digest_ha1(hasher, SIP_DIGEST_MD5, (struct slice){user->aor, 4}, SLICE(DOMAIN),
                            SLICE(PASSWORD), user->secrets.ha1[SIP_DIGEST_MD5][0]))
            world_fails("no MD5");
    }
    sip_hasher_free(hasher);
    if (user_import(server.store, users, USERS) != ERR_NONE)
        world_fails("users cannot be imported");
}

void world_begin(const struct world_settings *wanted)
{
    struct buffer fault = buffer_over(fault_text, sizeof(fault_text) - 1);

    settings_init(&settings);
    settings.requires_auth = wanted->requires_auth;
    settings.durability = wanted->durability;
    settings.workers = 1;
    if (settings_add_domain(&settings, SLICE(DOMAIN)) == NULL
        || !settings_add_listener(&settings, SLICE("udp:" OUR_ADDRESS ":5060"), &fault))
        world_fails("the settings are wrong");
    atomic_store(&server.settings, &settings);
    server.log = (struct log){.fd = open("/dev/null", O_WRONLY), .level = settings.log_level};
    server_random(&server.keys, sizeof(server.keys));
    server.run = 1;
    open_store(&fault);
    add_users();
    server.nonces = nonce_table_new(&server.keys.ours_alone, NONCE_ENTRIES, server_wall_ms());
    server.lockout = lockout_new(&server.keys.ours_alone, LOCKOUT_ENTRIES);
    server.connections = directory_new(&server.keys.ours_alone);
    server.workers[0] = worker_new(&server, 0, &fault);
    if (server.workers[0] == NULL)
        world_fails(fault_text);
    server.worker_count = 1;
}

void world_turn(struct datagrams *received)
{
    stand_in_sent.count = 0;
    stand_in_turn(received);
    received->count = 0;
}

void world_let_store_work(void)
{
    static struct datagrams nothing;

    threads_take_turns();
    stand_in_turn(&nothing);
}

void world_expect(size_t count, const char *beginning)
{
    size_t found = 0;

    for (size_t i = 0; i < stand_in_sent.count; i++)
        found += slice_starts_with(datagram_text(&stand_in_sent.items[i]), slice_of(beginning));
    if (found == count)
        return;
    fprintf(stderr,
            "counts: %zu instead of %zu messages begin \"%s\"; the first of %zu is:\n%.*s\n", found,
            count, beginning, stand_in_sent.count,
            stand_in_sent.count > 0 ? (int)stand_in_sent.items[0].len : 0,
            stand_in_sent.items[0].bytes);
    exit(1);
}
