/* The data of NAPTR and SRV records, as they come from the wire: every length may lie. */
#include "check.h"

#include <stdlib.h>

#include "net/dns_records.h"

/* A copy of its exact size, so that the sanitizer sees who reads on. */
static struct slice wire(const char *bytes, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);

    CHECK_MADE(copy);
    memcpy(copy, bytes, len);
    check_later(free, copy);
    return (struct slice){copy, len};
}

#define WIRE(literal) wire(literal, sizeof(literal) - 1)

static void reads_srv(void **state)
{
    struct dns_srv srv;

    (void)state;
    assert_true(dns_srv_read(WIRE("\0\1\0\2\x13\xc4\7server1\7example\3com\0"), &srv));
    assert_int_equal(srv.priority, 1);
    assert_int_equal(srv.weight, 2);
    assert_int_equal(srv.port, 5060);
    assert_string_equal(srv.target.text, "server1.example.com");
    assert_true(dns_srv_read(WIRE("\xff\xff\xff\xfe\xff\xfd\0"), &srv));
    assert_int_equal(srv.priority, 65535);
    assert_int_equal(srv.weight, 65534);
    assert_int_equal(srv.port, 65533);
    assert_string_equal(srv.target.text, ".");
}

static void reads_naptr(void **state)
{
    struct dns_naptr naptr;
    struct slice rdata = WIRE("\0\x32\0\x33\1s\x08SIPS+D2T\0\5_sips\4_tcp\7example\3com\0");

    (void)state;
    assert_true(dns_naptr_read(rdata, &naptr));
    assert_int_equal(naptr.order, 50);
    assert_int_equal(naptr.preference, 51);
    CHECK_SLICE(naptr.flags, "s");
    CHECK_SLICE(naptr.services, "SIPS+D2T");
    CHECK_SLICE(naptr.regexp, "");
    assert_string_equal(naptr.replacement.text, "_sips._tcp.example.com");
    assert_true(dns_naptr_read(WIRE("\0\1\0\2\1u\7E2U+sip\13!^.*$!\0a:b!\0"), &naptr));
    CHECK_SLICE(naptr.services, "E2U+sip");
    assert_int_equal(naptr.regexp.len, 11);
    assert_string_equal(naptr.replacement.text, ".");
}

static void refuses_what_is_cut_short_or_too_long(void **state)
{
    static const char srv[] = "\0\1\0\2\x13\xc4\7server1\7example\3com\0";
    static const char naptr[] = "\0\x32\0\x33\1s\x08SIPS+D2T\3reg\5_sips\4_tcp\7example\3com\0";
    struct dns_srv an_srv;
    struct dns_naptr a_naptr;

    (void)state;
    for (size_t len = 0; len <= sizeof(srv); len++)
        assert_int_equal(dns_srv_read(wire(srv, len), &an_srv), len == sizeof(srv) - 1);
    for (size_t len = 0; len <= sizeof(naptr); len++)
        assert_int_equal(dns_naptr_read(wire(naptr, len), &a_naptr), len == sizeof(naptr) - 1);
}

static void refuses_names_that_are_none(void **state)
{
    static const struct {
        const char *label;
        struct slice rdata;
    } cases[] = {
        {"a pointer to itself",      {"\0\0\0\0\0\1\xc0\x06", 8}    },
        {"a pointer behind a label", {"\0\0\0\0\0\1\1a\xc0\x0c", 10}},
        {"a label of 64 bytes",
         {"\0\0\0\0\0\1\x40"
          "0123456789012345678901234567890123456789012345678901234567890123\0",
          72}                                                       },
        {"a dot in a label",         {"\0\0\0\0\0\1\3a.b\0", 11}    },
        {"a NUL",                    {"\0\0\0\0\0\1\3a\0b\0", 11}   },
        {"an escape",                {"\0\0\0\0\0\1\3a\\b\0", 11}   },
        {"a space",                  {"\0\0\0\0\0\1\3a b\0", 11}    },
        {"a line end",               {"\0\0\0\0\0\1\3a\nb\0", 11}   },
        {"Latin-1",                  {"\0\0\0\0\0\1\3a\xe4z\0", 11} },
        {"no end",                   {"\0\0\0\0\0\1\3abc", 10}      },
        {"bytes after it",           {"\0\0\0\0\0\1\3abc\0\0", 12}  },
    };
    struct dns_srv srv;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(!dns_srv_read(wire(cases[i].rdata.ptr, cases[i].rdata.len), &srv),
                   cases[i].label);
}

/* RFC 1035 2.3.4: 255 bytes on the wire are 253 of text. */
static void a_name_has_255_bytes_at_most(void **state)
{
    static const size_t last_labels[] = {61, 62};
    char rdata[512] = {0};
    struct dns_srv srv;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(last_labels); i++) {
        size_t len = 6;
        for (int label = 0; label < 4; label++) {
            size_t label_len = label < 3 ? 63 : last_labels[i];
            rdata[len++] = (char)label_len;
            memset(rdata + len, 'x', label_len);
            len += label_len;
        }
        rdata[len++] = 0;
        assert_int_equal(dns_srv_read(wire(rdata, len), &srv), last_labels[i] == 61);
    }
    assert_int_equal(strlen(srv.target.text), 253);
}

static void what_fails_leaves_no_trace(void **state)
{
    struct dns_srv srv = {.priority = 1, .target = {"untouched"}};
    struct dns_naptr naptr = {.order = 1, .replacement = {"untouched"}};

    (void)state;
    assert_false(dns_srv_read(WIRE("\0\2\0\2\0\2\3abc"), &srv));
    assert_int_equal(srv.priority, 1);
    assert_string_equal(srv.target.text, "untouched");
    assert_false(dns_naptr_read(WIRE("\0\2\0\2\0\0\0\3abc"), &naptr));
    assert_int_equal(naptr.order, 1);
    assert_string_equal(naptr.replacement.text, "untouched");
}

CHECK_MAIN(CHECK_TEST(reads_srv), CHECK_TEST(reads_naptr),
           CHECK_TEST(refuses_what_is_cut_short_or_too_long),
           CHECK_TEST(refuses_names_that_are_none), CHECK_TEST(a_name_has_255_bytes_at_most),
           CHECK_TEST(what_fails_leaves_no_trace))
