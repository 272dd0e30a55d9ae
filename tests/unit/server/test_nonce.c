/* Nonces: what is believed, and what is stale. */
#include "check.h"

#include "server/nonce.h"

enum { LIFETIME_MS = 300000 };

static const struct hash_key key = {1, 2};
static const struct net_addr alice = {
    .family = 4, .port = 5060, .ip = {192, 0, 2, 1}
};
static const struct net_addr alice_by_ipv6 = {
    .family = 6, .port = 5060, .ip = {192, 0, 2, 1}
};
static const struct net_addr mallory = {
    .family = 4, .port = 5060, .ip = {192, 0, 2, 66}
};

static void free_table(void *table)
{
    nonce_table_free(table);
}

static struct nonce_table *new_table(size_t entries)
{
    struct nonce_table *table = nonce_table_new(&key, entries, 1000);

    CHECK_MADE(table);
    check_later(free_table, table);
    return table;
}

static struct slice make(struct nonce_table *table, uint64_t now_ms, char text[NONCE_LEN])
{
    nonce_make(table, &alice, SLICE("example.org"), now_ms, text);
    return (struct slice){text, NONCE_LEN};
}

static enum nonce_verdict check(struct nonce_table *table, struct slice text,
                                const struct net_addr *source, const char *realm, uint64_t now_ms)
{
    struct nonce nonce;

    return nonce_check(table, text, source, slice_of(realm), now_ms, LIFETIME_MS, &nonce);
}

static enum nonce_verdict use(struct nonce_table *table, struct slice text, uint32_t count,
                              uint32_t request, uint64_t now_ms)
{
    struct nonce nonce;

    assert_int_not_equal(
        nonce_check(table, text, &alice, SLICE("example.org"), now_ms, LIFETIME_MS, &nonce),
        NONCE_FOREIGN);
    return nonce_use(table, &nonce, count, request, now_ms);
}

static void a_nonce_is_believed_from_its_client_in_its_realm_for_its_time(void **state)
{
    struct nonce_table *table = new_table(1024);
    char text[NONCE_LEN];
    struct slice nonce = make(table, 5000, text);
    static const struct {
        const struct net_addr *source;
        const char *realm;
        uint64_t now_ms;
        enum nonce_verdict verdict;
        const char *label;
    } cases[] = {
        {&alice,         "example.org", 5000,                   NONCE_FRESH,   "at once"                      },
        {&alice,         "example.org", 5000 + LIFETIME_MS,     NONCE_FRESH,   "to the last moment"           },
        {&alice,         "example.org", 5000 + LIFETIME_MS + 1, NONCE_STALE,   "not longer"                   },
        {&alice,         "example.net", 5000,                   NONCE_FOREIGN, "in another realm"             },
        {&mallory,       "example.org", 5000,                   NONCE_FOREIGN, "from somebody else"           },
        {&alice_by_ipv6, "example.org", 5000,                   NONCE_FOREIGN, "nor if he begins so"          },
        {&alice,         "example.org", 4000,                   NONCE_FRESH,   "in the turn of another worker"},
        {&alice,         "example.org", 3999,                   NONCE_STALE,   "before it was made"           },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(check(table, nonce, cases[i].source, cases[i].realm, cases[i].now_ms)
                       == cases[i].verdict,
                   cases[i].label);
}

static void a_changed_nonce_is_foreign(void **state)
{
    struct nonce_table *table = new_table(1024);
    char text[NONCE_LEN];
    struct slice nonce = make(table, 5000, text);

    (void)state;
    for (size_t i = 0; i < NONCE_LEN; i++) {
        char kept = text[i];
        text[i] = kept == '0' ? '1' : '0';
        assert_int_equal(check(table, nonce, &alice, "example.org", 5000), NONCE_FOREIGN);
        text[i] = kept;
    }
}

static void what_has_not_the_form_of_a_nonce_is_foreign(void **state)
{
    static const char *const texts[] = {"",
                                        "0",
                                        "AAAAAAAAAAAAAAAAAAA",
                                        "AAAAAAAAAAAAAAAAAAAAA",
                                        "AAAAAAAAAAAAAAAAAAA=",
                                        "+AAAAAAAAAAAAAAAAAAA",
                                        "\303\244AAAAAAAAAAAAAAAAAA",
                                        "ffffffffffffffffffffffffffffffffffffffff"};
    struct nonce_table *table = new_table(1024);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        CHECK_CASE(check(table, slice_of(texts[i]), &alice, "example.org", 5000) == NONCE_FOREIGN,
                   texts[i]);
}

/* Two clients behind one NAT would count with the same one. */
static void of_one_millisecond_no_two_are_the_same(void **state)
{
    enum { MANY = 1000 };
    struct nonce_table *table = new_table(1024);
    static char texts[MANY][NONCE_LEN];

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        (void)make(table, 5000, texts[i]);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(texts[i], texts[j], NONCE_LEN);
    }
}

static void a_count_is_used_once_but_for_a_repeat_of_the_same_request(void **state)
{
    struct nonce_table *table = new_table(1024);
    char text[NONCE_LEN];
    struct slice nonce = make(table, 5000, text);

    (void)state;
    assert_int_equal(use(table, nonce, 1, 77, 5000), NONCE_FRESH);
    assert_int_equal(use(table, nonce, 1, 77, 5500), NONCE_FRESH);
    assert_int_equal(use(table, nonce, 1, 78, 5500), NONCE_STALE);
    assert_int_equal(use(table, nonce, 3, 79, 6000), NONCE_FRESH);
    assert_int_equal(use(table, nonce, 2, 80, 6000), NONCE_STALE);
}

/* What comes later is no retransmission but a recording: RFC 7616 5.5. */
static void a_repeat_is_allowed_as_long_as_a_client_repeats_itself(void **state)
{
    struct nonce_table *table = new_table(1024);
    char text[NONCE_LEN];
    struct slice nonce = make(table, 5000, text);

    (void)state;
    assert_int_equal(use(table, nonce, 1, 77, 5000), NONCE_FRESH);
    assert_int_equal(use(table, nonce, 1, 77, 36000), NONCE_FRESH);
    assert_int_equal(use(table, nonce, 1, 77, 37000), NONCE_FRESH);
    assert_int_equal(use(table, nonce, 1, 77, 37001), NONCE_STALE);
    assert_int_equal(use(table, nonce, 2, 78, 37001), NONCE_FRESH);
}

/* More nonces than the table has room for: none of them may be used a second time. */
static void a_nonce_that_fell_out_is_stale_not_fresh(void **state)
{
    enum { MANY = 10000 };
    struct nonce_table *table = new_table(256);
    static char texts[MANY][NONCE_LEN];

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        struct slice nonce = make(table, 5000 + i, texts[i]);
        assert_int_equal(use(table, nonce, 1, i, 5000 + i), NONCE_FRESH);
    }
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(use(table, (struct slice){texts[i], NONCE_LEN}, 1, i + MANY, 5000 + MANY),
                         NONCE_STALE);
}

CHECK_MAIN(CHECK_TEST(a_nonce_is_believed_from_its_client_in_its_realm_for_its_time),
           CHECK_TEST(a_changed_nonce_is_foreign),
           CHECK_TEST(what_has_not_the_form_of_a_nonce_is_foreign),
           CHECK_TEST(of_one_millisecond_no_two_are_the_same),
           CHECK_TEST(a_count_is_used_once_but_for_a_repeat_of_the_same_request),
           CHECK_TEST(a_repeat_is_allowed_as_long_as_a_client_repeats_itself),
           CHECK_TEST(a_nonce_that_fell_out_is_stale_not_fresh))
