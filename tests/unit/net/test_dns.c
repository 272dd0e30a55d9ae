#include <stdlib.h>

#include "driven_loop.h"
#include "name_server.h"
#include "net/dns.h"
#include "net/dns_records.h"

enum { MAX_QUERIES = 64 };

struct asker;

struct asked {
    struct dns_query query;
    struct asker *asker;
    bool is_answered;
};

struct asker {
    struct driven driven;
    struct name_server server;
    struct dns *dns;
    size_t asked_count;
    size_t answered_count;
    struct asked asked[MAX_QUERIES];
};

static bool has_all_answers(void *test)
{
    const struct asker *asker = test;

    return asker->answered_count == asker->asked_count;
}

static void take_answer(struct mail *mail, void *owner)
{
    struct asked *asked = CONTAINER_OF(mail, struct asked, query.mail);

    asked->is_answered = owner == &asked->asker->driven;
    asked->asker->answered_count++;
}

/* What was asked must be answered before the memory goes. */
static void stop_dns(void *arg)
{
    struct asker *asker = arg;

    dns_stop(asker->dns);
    (void)mailbox_deliver(net_loop_mailbox(asker->driven.loop));
}

static struct asker *start_asker(const struct dns_settings *wanted)
{
    struct dns_settings settings = *wanted;
    struct asker *asker = driven_memory(sizeof(*asker));

    driven_start(&asker->driven, asker, has_all_answers, NULL);
    name_server_start(&asker->server);
    settings.server = asker->server.address;
    asker->dns = dns_start_with(&settings);
    CHECK_MADE(asker->dns);
    check_later(stop_dns, asker);
    return asker;
}

static struct dns_settings patient(void)
{
    struct dns_settings settings = dns_default_settings();

    settings.hosts_file = "/dev/null";
    settings.limit_ms = 4000;
    return settings;
}

static struct dns_query *ask(struct asker *asker, const char *name, bool ipv4, bool ipv6)
{
    struct asked *asked = &asker->asked[asker->asked_count++];

    asked->asker = asker;
    asked->query = (struct dns_query){.mail = {.deliver = take_answer},
                                      .asker = net_loop_mailbox(asker->driven.loop),
                                      .wants_ipv4 = ipv4,
                                      .wants_ipv6 = ipv6};
    (void)snprintf(asked->query.name, sizeof(asked->query.name), "%s", name);
    dns_ask(asker->dns, &asked->query);
    return &asked->query;
}

static const struct dns_query *ask_records(struct asker *asker, const char *name,
                                           enum dns_kind kind)
{
    struct asked *asked = &asker->asked[asker->asked_count++];

    asked->asker = asker;
    asked->query = (struct dns_query){.mail = {.deliver = take_answer},
                                      .asker = net_loop_mailbox(asker->driven.loop),
                                      .kind = kind};
    (void)snprintf(asked->query.name, sizeof(asked->query.name), "%s", name);
    dns_ask(asker->dns, &asked->query);
    return &asked->query;
}

/* --- the tests -------------------------------------------------------------------------------- */

static void names_are_answered_as_their_servers_say(void **state)
{
    static const struct {
        const char *name;
        bool ipv4;
        bool ipv6;
        enum err err;
        size_t count;
        uint8_t first_family;
    } cases[] = {
        {"four.example",        true,  true,  ERR_NONE,   1,                 4},
        {"four.example.",       true,  false, ERR_NONE,   1,                 4},
        {"four.example",        false, true,  ERR_ABSENT, 0,                 0},
        {"six.example",         true,  true,  ERR_NONE,   1,                 6},
        {"both.example",        true,  true,  ERR_NONE,   2,                 6}, /* RFC 6724: ::1 before 127.0.0.1 */
        {"BOTH.Example",        true,  false, ERR_NONE,   1,                 4},
        {"many.example",        true,  true,  ERR_NONE,   DNS_MAX_ADDRESSES, 4},
        {"absent.example",      true,  true,  ERR_ABSENT, 0,                 0},
        {"empty.example",       true,  true,  ERR_ABSENT, 0,                 0},
        {"anything.invalid",    true,  true,  ERR_ABSENT, 0,                 0}, /* RFC 6761 6.4 */
        {"failing.example",     true,  true,  ERR_IO,     0,                 0},
        {"halffailing.example", true,  true,  ERR_NONE,   1,                 4},
        {"neither.example",     false, false, ERR_ABSENT, 0,                 0},
    };
    struct dns_settings settings = patient();
    struct asker *asker = start_asker(&settings);
    const struct dns_query *queries[ARRAY_LEN(cases)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        queries[i] = ask(asker, cases[i].name, cases[i].ipv4, cases[i].ipv6);
    assert_true(driven_run(&asker->driven, 6000));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK_CASE(asker->asked[i].is_answered, cases[i].name);
        CHECK_CASE(queries[i]->err == cases[i].err, cases[i].name);
        CHECK_CASE(queries[i]->count == cases[i].count, cases[i].name);
        CHECK_CASE(cases[i].count == 0
                       || (sockets_have("::1") || cases[i].first_family == 4
                               ? queries[i]->addresses[0].family == cases[i].first_family
                               : true),
                   cases[i].name);
    }
}

static void services_are_answered_with_their_records(void **state)
{
    struct dns_settings settings = patient();
    struct asker *asker = start_asker(&settings);
    const struct dns_query *srv = ask_records(asker, "service.example", DNS_SRV);
    const struct dns_query *naptr = ask_records(asker, "service.example", DNS_NAPTR);
    bool has_priority[3] = {false}, has_order[3] = {false};
    struct slice rest, rdata;
    struct dns_srv a_srv;
    struct dns_naptr a_naptr;

    (void)state;
    assert_true(driven_run(&asker->driven, 6000));
    assert_int_equal(srv->err, ERR_NONE);
    assert_int_equal(srv->count, 2);
    for (rest = dns_records_of(srv); dns_next_record(&rest, &rdata);) {
        assert_true(dns_srv_read(rdata, &a_srv) && a_srv.priority <= 2);
        has_priority[a_srv.priority] = true;
        assert_string_equal(a_srv.target.text, "four.example");
    }
    assert_true(has_priority[1] && has_priority[2]);
    for (rest = dns_records_of(naptr); dns_next_record(&rest, &rdata);) {
        assert_true(dns_naptr_read(rdata, &a_naptr) && a_naptr.order <= 2);
        has_order[a_naptr.order] = true;
        assert_string_equal(a_naptr.replacement.text, "_sip._udp.example");
    }
    assert_true(has_order[1] && has_order[2]);
}

static void services_are_absent_or_fail_as_addresses_do(void **state)
{
    static const struct {
        const char *name;
        enum err err;
    } cases[] = {
        {"absent.example",    ERR_ABSENT},
        {"empty.example",     ERR_ABSENT},
        {"four.example",      ERR_ABSENT},
        {"failing.example",   ERR_IO    },
        {"silent.example",    ERR_IO    },
        {"garbage.example",   ERR_IO    },
        {"192.0.2.1",         ERR_ABSENT},
        {"[2001:db8::1]",     ERR_ABSENT},
        {"_sip._udp.a b.com", ERR_ABSENT},
    };
    struct dns_settings settings = patient();
    const struct dns_query *srv[ARRAY_LEN(cases)], *naptr[ARRAY_LEN(cases)];

    (void)state;
    settings.limit_ms = 1000;
    struct asker *asker = start_asker(&settings);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        srv[i] = ask_records(asker, cases[i].name, DNS_SRV);
        naptr[i] = ask_records(asker, cases[i].name, DNS_NAPTR);
    }
    assert_true(driven_run(&asker->driven, 6000));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK_CASE(srv[i]->err == cases[i].err && srv[i]->count == 0, cases[i].name);
        CHECK_CASE(naptr[i]->err == cases[i].err && naptr[i]->count == 0, cases[i].name);
    }
}

static void of_too_many_records_those_that_fit_are_kept(void **state)
{
    struct dns_settings settings = patient();
    struct asker *asker = start_asker(&settings);
    const struct dns_query *naptr = ask_records(asker, "services.example", DNS_NAPTR);
    size_t count = 0;
    struct dns_naptr a_naptr;

    (void)state;
    assert_true(driven_run(&asker->driven, 6000));
    assert_int_equal(naptr->err, ERR_NONE);
    for (struct slice rest = dns_records_of(naptr), rdata; dns_next_record(&rest, &rdata); count++)
        assert_true(dns_naptr_read(rdata, &a_naptr));
    assert_int_equal(count, naptr->count);
    assert_in_range(count, 24, 59);
    assert_in_range(naptr->records_len, DNS_MAX_RECORD_BYTES - 50, DNS_MAX_RECORD_BYTES);
}

static void a_record_ends_where_its_length_says(void **state)
{
    struct slice lies = SLICE("\0\1a\0\2b"), rdata;

    (void)state;
    assert_true(dns_next_record(&lies, &rdata));
    CHECK_SLICE(rdata, "a");
    assert_false(dns_next_record(&lies, &rdata));
}

static void silence_and_garbage_end_with_the_limit(void **state)
{
    struct dns_settings settings = patient();

    (void)state;
    settings.limit_ms = 200;
    struct asker *asker = start_asker(&settings);
    const struct dns_query *silent = ask(asker, "silent.example", true, true);
    const struct dns_query *garbage = ask(asker, "garbage.example", true, true);
    assert_true(driven_run(&asker->driven, 3000));
    assert_int_equal(silent->err, ERR_IO);
    assert_int_equal(garbage->err, ERR_IO);
}

static void one_family_does_not_wait_long_for_the_other(void **state)
{
    struct dns_settings settings = patient();
    struct asker *asker = start_asker(&settings);
    const struct dns_query *query = ask(asker, "halfsilent.example", true, true);

    (void)state;
    assert_true(driven_run(&asker->driven, 1500));
    assert_int_equal(query->err, ERR_NONE);
    assert_int_equal(query->count, 1);
}

static void literals_and_nonsense_are_never_asked(void **state)
{
    static const struct {
        const char *name;
        bool ipv4;
        enum err err;
    } cases[] = {
        {"192.0.2.1",                                                                true,  ERR_NONE  },
        {"[2001:db8::9]",                                                            true,  ERR_NONE  },
        {"2001:db8::9",                                                              true,  ERR_NONE  },
        {"192.0.2.1",                                                                false, ERR_ABSENT},
        {"",                                                                         true,  ERR_ABSENT},
        {".",                                                                        true,  ERR_ABSENT},
        {"a..example",                                                               true,  ERR_ABSENT},
        {"four.example\n",                                                           true,  ERR_ABSENT},
        {"fo\\117r.example",                                                         true,  ERR_ABSENT},
        {"four example",                                                             true,  ERR_ABSENT},
        {"0123456789012345678901234567890123456789012345678901234567890123.example", true,
         ERR_ABSENT                                                                                   },
    };
    struct dns_settings settings = patient();
    struct asker *asker = start_asker(&settings);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        (void)ask(asker, cases[i].name, cases[i].ipv4, true);
    assert_true(driven_run(&asker->driven, 3000));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK_CASE(asker->asked[i].query.err == cases[i].err, cases[i].name);
        CHECK_CASE(asker->asked[i].query.count == (cases[i].err == ERR_NONE), cases[i].name);
    }
    assert_int_equal(atomic_load(&asker->server.asked), 0);
}

static void a_name_that_fills_its_field_is_absent(void **state)
{
    struct dns_settings settings = patient();
    struct asker *asker = start_asker(&settings);
    struct asked *asked = &asker->asked[asker->asked_count++];

    (void)state;
    asked->asker = asker;
    asked->query.mail.deliver = take_answer;
    asked->query.asker = net_loop_mailbox(asker->driven.loop);
    asked->query.wants_ipv4 = true;
    memset(asked->query.name, 'a', sizeof(asked->query.name)); /* no NUL */
    dns_ask(asker->dns, &asked->query);
    assert_true(driven_run(&asker->driven, 3000));
    assert_int_equal(asked->query.err, ERR_ABSENT);
}

static void the_hosts_file_is_believed(void **state)
{
    struct dns_settings settings = patient();
    char path[4200];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/hosts", check_folder());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("127.0.0.7 phone.example phone\n", file);
    (void)fclose(file);
    settings.hosts_file = path;
    struct asker *asker = start_asker(&settings);
    const struct dns_query *full = ask(asker, "phone.example", true, true);
    const struct dns_query *brief = ask(asker, "phone", true, false);
    const struct dns_query *localhost = ask(asker, "localhost", true, false);
    assert_true(driven_run(&asker->driven, 3000));
    assert_int_equal(full->count, 1);
    assert_int_equal(full->addresses[0].ip[3], 7);
    assert_int_equal(brief->addresses[0].ip[3], 7);
    assert_int_equal(localhost->addresses[0].ip[0], 127);
    assert_int_equal(atomic_load(&asker->server.asked), 0);
}

static void names_of_the_hosts_file_have_no_services(void **state)
{
    struct dns_settings settings = patient();
    char path[4200];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/hosts", check_folder());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("# nobody\n\n127.0.0.7\tphone.example  phone # silent.example\n", file);
    (void)fclose(file);
    settings.hosts_file = path;
    settings.limit_ms = 300;
    struct asker *asker = start_asker(&settings);
    const struct dns_query *absent[] = {
        ask_records(asker, "phone.example", DNS_NAPTR),
        ask_records(asker, "silent._udp.phone.example", DNS_SRV),
        ask_records(asker, "silent._tcp.PHONE", DNS_SRV),
    };
    const struct dns_query *asked[] = {
        ask_records(asker, "silent._udp.silent.example", DNS_SRV),
        ask_records(asker, "silent.phone.example", DNS_NAPTR),
    };
    assert_true(driven_run(&asker->driven, 3000));
    for (size_t i = 0; i < ARRAY_LEN(absent); i++)
        CHECK_CASE(absent[i]->err == ERR_ABSENT, absent[i]->name);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        CHECK_CASE(asked[i]->err == ERR_IO, asked[i]->name);
}

static void what_cannot_be_validated_is_not_used(void **state)
{
    struct dns_settings settings = patient();
    char path[4200];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/anchors", check_folder());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("example. IN DS 12345 8 2 "
                "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\n",
                file);
    (void)fclose(file);
    settings.trust_anchors = path;
    settings.limit_ms = 1500;
    struct asker *asker = start_asker(&settings);
    const struct dns_query *bogus = ask(asker, "four.example", true, false);
    const struct dns_query *insecure = ask(asker, "four.test-insecure", true, false);
    assert_true(driven_run(&asker->driven, 4000));
    assert_int_equal(bogus->err, ERR_IO);
    assert_int_equal(bogus->count, 0);
    assert_int_equal(insecure->err, ERR_NONE); /* no anchor is above it */
}

static void more_than_may_be_under_way_are_refused(void **state)
{
    struct dns_settings settings = patient();
    size_t refused = 0;

    (void)state;
    settings.max_queries = 2;
    settings.limit_ms = 200;
    struct asker *asker = start_asker(&settings);
    for (size_t i = 0; i < 5; i++)
        (void)ask(asker, "silent.example", true, true);
    assert_true(driven_run(&asker->driven, 3000));
    for (size_t i = 0; i < 5; i++)
        refused += asker->asked[i].query.err == ERR_FULL;
    assert_int_equal(refused, 3);
    (void)ask(asker, "four.example", true, true);
    assert_true(driven_run(&asker->driven, 3000));
    assert_int_equal(asker->asked[5].query.err, ERR_NONE);
}

static void ask_silent(struct asker *asker, uint64_t on_behalf_of, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct asked *asked = &asker->asked[asker->asked_count++];
        asked->asker = asker;
        asked->query = (struct dns_query){.mail = {.deliver = take_answer},
                                          .asker = net_loop_mailbox(asker->driven.loop),
                                          .name = "silent.example",
                                          .on_behalf_of = on_behalf_of,
                                          .wants_ipv4 = true};
        dns_ask(asker->dns, &asked->query);
    }
}

static size_t count_taken(const struct asker *asker, uint64_t on_behalf_of)
{
    size_t count = 0;

    for (size_t i = 0; i < asker->asked_count; i++)
        count += asker->asked[i].query.on_behalf_of == on_behalf_of
                 && asker->asked[i].query.err != ERR_FULL;
    return count;
}

static void nobody_takes_what_others_need(void **state)
{
    static const struct {
        uint64_t who;
        size_t asked, taken;
    } cases[] = {
        {71, 16, 9},
        {72, 10, 4},
        {73, 10, 2},
        {74, 10, 1},
    };
    struct dns_settings settings = patient();

    (void)state;
    settings.max_queries = 16;
    settings.limit_ms = 300;
    struct asker *asker = start_asker(&settings);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ask_silent(asker, cases[i].who, cases[i].asked);
    assert_true(driven_run(&asker->driven, 3000));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(count_taken(asker, cases[i].who), cases[i].taken);
    ask_silent(asker, 75, 16);
    assert_true(driven_run(&asker->driven, 3000));
    assert_int_equal(count_taken(asker, 75), 9); /* all was given back */
}

static void what_is_under_way_is_answered_when_it_stops(void **state)
{
    struct dns_settings settings = patient();
    struct asker *asker = start_asker(&settings);
    const struct dns_query *query = ask(asker, "silent.example", true, true);

    (void)state;
    (void)driven_run(&asker->driven, 50);
    assert_int_equal(asker->answered_count, 0);
    dns_stop(asker->dns);
    asker->dns = NULL;
    assert_true(driven_run(&asker->driven, 1000));
    assert_int_equal(query->err, ERR_IO);
}

CHECK_MAIN(CHECK_TEST(names_are_answered_as_their_servers_say),
           CHECK_TEST(services_are_answered_with_their_records),
           CHECK_TEST(services_are_absent_or_fail_as_addresses_do),
           CHECK_TEST(of_too_many_records_those_that_fit_are_kept),
           CHECK_TEST(a_record_ends_where_its_length_says),
           CHECK_TEST(silence_and_garbage_end_with_the_limit),
           CHECK_TEST(one_family_does_not_wait_long_for_the_other),
           CHECK_TEST(literals_and_nonsense_are_never_asked),
           CHECK_TEST(a_name_that_fills_its_field_is_absent),
           CHECK_TEST(the_hosts_file_is_believed),
           CHECK_TEST(names_of_the_hosts_file_have_no_services),
           CHECK_TEST(what_cannot_be_validated_is_not_used),
           CHECK_TEST(more_than_may_be_under_way_are_refused),
           CHECK_TEST(nobody_takes_what_others_need),
           CHECK_TEST(what_is_under_way_is_answered_when_it_stops))
