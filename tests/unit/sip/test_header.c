/* The table of header fields: every row is found, and judges by its grammar. */
#include "check.h"

#include "sip/header.h"

enum { MAX_NAME = 64 };

static void every_row_is_found_by_its_name_in_any_case(void **state)
{
    (void)state;
    for (int id = SIP_UNKNOWN_HEADER + 1; id < SIP_HEADER_ID_COUNT; id++) {
        struct slice name = sip_header_row((enum sip_header_id)id)->name;
        char lower[MAX_NAME], upper[MAX_NAME];
        assert_in_range(name.len, 2, MAX_NAME);
        for (size_t i = 0; i < name.len; i++) {
            lower[i] = ascii_lower(name.ptr[i]);
            upper[i] = lower[i] >= 'a' && lower[i] <= 'z' ? (char)(lower[i] - 32) : lower[i];
        }
        CHECK_CASE((int)sip_header_find(name) == id, name.ptr);
        CHECK_CASE((int)sip_header_find((struct slice){lower, name.len}) == id, name.ptr);
        CHECK_CASE((int)sip_header_find((struct slice){upper, name.len}) == id, name.ptr);
    }
}

static void every_compact_form_is_found_and_no_other_letter(void **state)
{
    int id_of[256] = {0};

    (void)state;
    for (int id = SIP_UNKNOWN_HEADER + 1; id < SIP_HEADER_ID_COUNT; id++) {
        char compact = sip_header_row((enum sip_header_id)id)->compact;
        if (compact != 0) {
            id_of[(unsigned char)compact] = id;
            id_of[(unsigned char)(compact - 32)] = id;
        }
    }
    for (int c = 0; c < 256; c++) {
        char name = (char)c;
        assert_int_equal(sip_header_find((struct slice){&name, 1}), id_of[c]);
    }
    assert_int_equal(sip_header_find(SLICE("v")), SIP_VIA);
    assert_int_equal(sip_header_find(SLICE("r")), SIP_REFER_TO);
    assert_int_equal(sip_header_find(SLICE("o")), SIP_EVENT);
    assert_int_equal(sip_header_find(SLICE("u")), SIP_ALLOW_EVENTS);
    assert_int_equal(sip_header_find(SLICE("x")), SIP_SESSION_EXPIRES);
}

static void what_only_resembles_a_name_is_not_found(void **state)
{
    static const char *const names[] = {
        "", "Vi", "Viaa", "Vja", "C%6Fntact", "Contact ", "Content\rLength", "To:", "Call_ID",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        CHECK_CASE(sip_header_find(slice_of(names[i])) == SIP_UNKNOWN_HEADER, names[i]);
    assert_int_equal(sip_header_find(SLICE("Vi\0")), SIP_UNKNOWN_HEADER);
}

/* For each row one value that is good, and one that is not. */
static void every_row_judges_by_its_grammar(void **state)
{
    static const struct {
        enum sip_header_id id;
        const char *good;
        const char *bad;
    } cases[] = {
        {SIP_ACCEPT,              "application/*;q=0.5",                              "application"                     },
        {SIP_ACCEPT_ENCODING,     "gzip;q=1.0",                                       ";q=1"                            },
        {SIP_ACCEPT_LANGUAGE,     "en-gb;q=0.8",                                      "en gb"                           },
        {SIP_ALERT_INFO,          "<http://example.com/moo.wav>",                     "http://example.com/moo.wav"      },
        {SIP_ALLOW,               "INVITE",                                           "INVITE ACK"                      },
        {SIP_ALLOW_EVENTS,        "spirits-INDPs.winfo",                              "a/b"                             },
        {SIP_AUTHENTICATION_INFO, "nextnonce=\"47364c23\"",                           "nextnonce"                       },
        {SIP_AUTHORIZATION,       "NTLM opaque=\"a\", realm=\"SIP\"",                 "Digest username="                },
        {SIP_CALL_ID,             "f81d4fae-7dec@[2001:db8::1]",                      "a@b@c"                           },
        {SIP_CALL_INFO,           "<http://example.com/a.jpg> ;purpose=icon",         "<http://example.com/a.jpg"       },
        {SIP_CONTACT,             "*",                                                "\"Bob <sip:bob@example.com>"     },
        {SIP_CONTENT_DISPOSITION, "session;handling=optional",                        "session;"                        },
        {SIP_CONTENT_ENCODING,    "gzip",                                             "gzip;q=1"                        },
        {SIP_CONTENT_LANGUAGE,    "fr",                                               "fr fr"                           },
        {SIP_CONTENT_LENGTH,      "0349",                                             "-349"                            },
        {SIP_CONTENT_TYPE,        "text/html; charset=ISO-8859-4",                    "text/"                           },
        {SIP_CSEQ,                "4711 INVITE",                                      "2147483648 INVITE"               },
        {SIP_DATE,                "Sat, 13 Nov 2010 23:29:00 GMT",                    "Fri, 01 Jan 2010 16:00:00 EST"   },
        {SIP_ERROR_INFO,          "<sip:not-in-service@atlanta.com>",                 "<>"                              },
        {SIP_EVENT,               "presence.winfo;id=7",                              "presence;id="                    },
        {SIP_EXPIRES,             "4294967295",                                       "4294967296"                      },
        {SIP_FROM,                "\"A. G. Bell\" <sip:agb@bell.com> ;tag=a48s",      "Bell, <sip:a@b.c>"               },
        {SIP_IN_REPLY_TO,         "70710@saturn.bell-tel.com",                        "a b"                             },
        {SIP_MAX_BREADTH,         "60",                                               "many"                            },
        {SIP_MAX_FORWARDS,        "0255",                                             "256"                             },
        {SIP_MIME_VERSION,        "1.0",                                              "1"                               },
        {SIP_MIN_EXPIRES,         "60",                                               "60s"                             },
        {SIP_MIN_SE,              "90;x=y",                                           "x"                               },
        {SIP_ORGANIZATION,        "Boxes by \"Bob\" \xc3\xa4",                        "a\x01z"                          },
        {SIP_P_ASSERTED_IDENTITY, "tel:+14085264000",                                 "\"open <tel:+14085264000>"       },
        {SIP_PATH,                "<sip:p1.example.com;lr>",                          "sip:p1.example.com"              },
        {SIP_PRIORITY,            "emergency",                                        "very urgent"                     },
        {SIP_PRIVACY,             "header;user;critical",                             "header;;user"                    },
        {SIP_PROXY_AUTHENTICATE,  "Digest realm=\"atlanta.com\", nonce=\"f84f\"",     "Digest realm="                   },
        {SIP_PROXY_AUTHORIZATION, "NTLM gssapi-data=\"\", realm=\"SIP\"",             "Digest =x"                       },
        {SIP_PROXY_REQUIRE,       "sec-agree",                                        "<sec-agree>"                     },
        {SIP_RACK,                "776656 1 INVITE",                                  "776656 INVITE"                   },
        {SIP_REASON,              "Q.850 ;cause=16 ;text=\"Terminated\"",             "Q.850 cause=16"                  },
        {SIP_RECORD_ROUTE,        "<sip:server10.biloxi.com;lr>;x",                   "sip:server10.biloxi.com"         },
        {SIP_REFER_TO,            "<sip:dave@denver.org?Replaces=1%40a>",             "<sip:dave@>"                     },
        {SIP_REPLACES,            "425928@b.example;to-tag=7;from-tag=6",             "a b;to-tag=1"                    },
        {SIP_REPLY_TO,            "Bob <sip:bob@biloxi.com>",                         "Bob <sip:bob@biloxi.com"         },
        {SIP_REQUIRE,             "100rel",                                           "100 rel"                         },
        {SIP_RETRY_AFTER,         "180 (a \\) (long) one) ;duration=3600",            "120 (in a meeting"               },
        {SIP_ROUTE,               "<sip:bigbox3.site3.atlanta.com;lr>",               "sip:bigbox3.site3.atlanta.com;lr"},
        {SIP_RSEQ,                "988789",                                           "988789 INVITE"                   },
        {SIP_SERVER,              "HomeServer v2 (built (twice)) a/1.2",              "a//b"                            },
        {SIP_SERVICE_ROUTE,       "<sip:orig@scscf;lr>",                              "<sip:orig@scscf;lr> <sip:b>"     },
        {SIP_SESSION_EXPIRES,     "4000;refresher=uac",                               "4000;refresher="                 },
        {SIP_SUBJECT,             "",                                                 "\x7f"                            },
        {SIP_SUBSCRIPTION_STATE,  "terminated;reason=timeout",                        "terminated reason"               },
        {SIP_SUPPORTED,           "gruu",                                             "gruu outbound"                   },
        {SIP_TIMESTAMP,           "54.21 0.3",                                        ".5"                              },
        {SIP_TO,                  "sip:+12125551212@phone2net.com;tag=287",           "sip:a b@c"                       },
        {SIP_UNSUPPORTED,         "foo",                                              "foo=1"                           },
        {SIP_USER_AGENT,          "Softphone Beta1.5",                                "Soft@phone"                      },
        {SIP_VIA,                 "SIP/2.0/UDP erlang.bell.com:5060;branch=z9hG4bK8", "SIP/2.0"                         },
        {SIP_WARNING,             "307 isi.edu \"Parameter 'foo'\"",                  "1812 overture \"In Progress\""   },
        {SIP_WWW_AUTHENTICATE,    "Digest realm=\"a\", nonce=\"n\"",                  ""                                },
    };

    (void)state;
    assert_int_equal(ARRAY_LEN(cases), SIP_HEADER_ID_COUNT - 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct sip_header_row *row = sip_header_row(cases[i].id);
        assert_int_equal(cases[i].id, i + 1);
        CHECK_CASE(row->is_valid(slice_of(cases[i].good)), row->name.ptr);
        CHECK_CASE(!row->is_valid(slice_of(cases[i].bad)), row->name.ptr);
    }
}

CHECK_MAIN(CHECK_TEST(every_row_is_found_by_its_name_in_any_case),
           CHECK_TEST(every_compact_form_is_found_and_no_other_letter),
           CHECK_TEST(what_only_resembles_a_name_is_not_found),
           CHECK_TEST(every_row_judges_by_its_grammar))
