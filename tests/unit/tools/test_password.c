#include "tools/password.h"

#include <stdio.h>

#include "check.h"

static void give_back_hasher(void *hasher)
{
    sip_hasher_free(hasher);
}

/* The MD5 is by openssl dgst; the rest by sip/digest, which has tests of its own. */
static void secrets_are_the_ha1s_of_both_forms(void **state)
{
    static const unsigned char md5[] = {0xf0, 0xb7, 0xa5, 0xe1, 0xe5, 0x1d, 0x13, 0xac,
                                        0x7e, 0xba, 0x63, 0xea, 0x12, 0x4d, 0x95, 0xf4};
    struct sip_hasher *hasher = sip_hasher_new();
    unsigned char expected[32];
    struct user user;
    char text[64];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct aor aor;

    (void)state;
    CHECK_MADE(hasher);
    check_later(give_back_hasher, hasher);
    assert_true(aor_read(SLICE("Mufasa@example.org"), &aor, &fault));
    assert_true(password_apply(hasher, &aor, SLICE("Circle of Life"), &user));
    assert_int_equal(user.aor_len, aor.len);
    assert_memory_equal(user.aor, "Mufasa@example.org", user.aor_len);
    assert_memory_equal(user.secrets.ha1[SIP_DIGEST_MD5][0], md5, sizeof(md5));
    for (int a = 0; a < USER_HA1_ALGORITHMS; a++) {
        static const struct slice names[] = {
            {"Mufasa",             6 },
            {"Mufasa@example.org", 18}
        };
        enum sip_digest_algorithm algorithm = (enum sip_digest_algorithm)a;
        for (size_t f = 0; f < ARRAY_LEN(names); f++) {
            assert_true(sip_digest_ha1(hasher, algorithm, names[f], SLICE("example.org"),
                                       SLICE("Circle of Life"), expected));
            assert_memory_equal(user.secrets.ha1[a][f], expected, sip_digest_bytes(algorithm));
        }
    }
}

static void made_passwords_are_long_typeable_and_never_the_same(void **state)
{
    struct password first, second;

    (void)state;
    password_make(&first);
    for (int i = 0; i < 100; i++) {
        password_make(&second);
        assert_int_equal(second.len, 23);
        for (size_t c = 0; c < second.len; c++) {
            const char *allowed = c % 6 == 5 ? "-" : "abcdefghjkmnpqrstuvwxyz23456789";
            assert_non_null(memchr(allowed, second.text[c], strlen(allowed)));
        }
        assert_memory_not_equal(first.text, second.text, second.len);
        first = second;
    }
}

static void the_first_line_of_a_file_is_the_password(void **state)
{
    char longest[PASSWORD_MAX + 1], too_long[PASSWORD_MAX + 2];
    const struct {
        const char *text;
        const char *password; /* NULL: refused */
    } cases[] = {
        {"secret\n",         "secret"  },
        {"secret",           "secret"  },
        {"secret\r\nmore\n", "secret"  },
        {" a b, c \n",       " a b, c "},
        {"",                 NULL      },
        {"\nsecret\n",       NULL      },
        {longest,            longest   },
        {too_long,           NULL      },
    };
    char path[512], text[512];

    (void)state;
    memset(longest, 'x', sizeof(longest));
    memset(too_long, 'x', sizeof(too_long));
    longest[PASSWORD_MAX] = '\0';
    too_long[PASSWORD_MAX + 1] = '\0';
    (void)snprintf(path, sizeof(path), "%s/password", check_folder());
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer fault = buffer_over(text, sizeof(text));
        struct password password;
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(cases[i].text, file);
        fclose(file);
        bool ok = password_read(path, &password, &fault);
        CHECK_CASE(ok == (cases[i].password != NULL), cases[i].text);
        if (ok)
            CHECK_SLICE(((struct slice){password.text, password.len}), cases[i].password);
    }
    struct buffer fault = buffer_over(text, sizeof(text));
    struct password password;
    assert_false(password_read("/nonexistent", &password, &fault));
    CHECK_SLICE(buffer_slice(&fault), "cannot read /nonexistent: No such file or directory");
}

CHECK_MAIN(CHECK_TEST(secrets_are_the_ha1s_of_both_forms),
           CHECK_TEST(made_passwords_are_long_typeable_and_never_the_same),
           CHECK_TEST(the_first_line_of_a_file_is_the_password))
