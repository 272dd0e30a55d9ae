/* URIs: RFC 3261 19.1, RFC 3966, and the URIs of the torture messages of RFC 4475 and RFC 5118. */
#include "check.h"

#include <stdlib.h>

#include "sip/uri.h"

/* What did not parse has no text. */
static struct sip_uri parsed(const char *text)
{
    struct sip_uri uri = {0};

    if (!sip_uri_parse(slice_of(text), &uri))
        print_error("%s does not parse\n", text);
    assert_true(uri.text.len > 0);
    return uri;
}

/* RFC 3261 19.1.3 */
static void finds_the_parts_of_a_sip_uri(void **state)
{
    static const struct {
        const char *text;
        const char *user, *password, *host, *params, *headers;
        uint16_t port;
    } cases[] = {
        {"sip:alice@atlanta.com",                                      "alice",                                            "",           "atlanta.com",         "",            "",                                    0    },
        {"sip:alice:secretword@atlanta.com;transport=tcp",             "alice",                                            "secretword", "atlanta.com",
         ";transport=tcp",                                                                                                                                                     "",                                    0    },
        {"sips:alice@atlanta.com?subject=project%20x&priority=urgent", "alice",                                            "",           "atlanta.com",
         "",                                                                                                                                                                   "subject=project%20x&priority=urgent", 0    },
        {"sip:+1-212-555-1212:1234@gateway.com;user=phone",            "+1-212-555-1212",                                  "1234",
         "gateway.com",                                                                                                                                         ";user=phone", "",                                    0    },
        {"sips:1212@gateway.com",                                      "1212",                                             "",           "gateway.com",         "",            "",                                    0    },
        {"sip:alice@192.0.2.4",                                        "alice",                                            "",           "192.0.2.4",           "",            "",                                    0    },
        {"sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",     "",                                                 "",           "atlanta.com",
         ";method=REGISTER",                                                                                                                                                   "to=alice%40atlanta.com",              0    },
        {"sip:alice;day=tuesday@atlanta.com",                          "alice;day=tuesday",                                "",           "atlanta.com",         "",            "",                                    0    },
        {"SIP:a@b.example:65535;lr",                                   "a",                                                "",           "b.example",           ";lr",         "",                                    65535},
        {"sip:user;par=u%40example.net@example.com",                   "user;par=u%40example.net",                         "",           "example.com",
         "",                                                                                                                                                                   "",                                    0    },
        {"sip:[2001:db8::10]:5070",                                    "",                                                 "",           "2001:db8::10",        "",            "",                                    5070 },
        {"sip:user@[2001:db8::192.0.2.1];lr",                          "user",                                             "",           "2001:db8::192.0.2.1", ";lr",         "",                                    0    },
        {"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
         "(doesn't-it)@example.com",                          "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
         "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",                                                                                   "example.com",         "",            "",                                    0    },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_uri uri = parsed(cases[i].text);
        CHECK_SLICE(uri.text, cases[i].text);
        CHECK_SLICE(uri.user, cases[i].user);
        CHECK_SLICE(uri.password, cases[i].password);
        CHECK_SLICE(uri.host, cases[i].host);
        CHECK_SLICE(uri.params, cases[i].params);
        CHECK_SLICE(uri.headers, cases[i].headers);
        CHECK_CASE(uri.port == cases[i].port, cases[i].text);
        CHECK_CASE(uri.host_is_ipv6 == (strchr(cases[i].text, '[') != NULL), cases[i].text);
    }
}

static void accepts_what_the_grammar_accepts(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        const char *label;
    } cases[] = {
        {"sip:example.com.",             true,  "a host name may end with a dot"               },
        {"sip:a@3com.example",           true,  "a label may begin with a digit"               },
        {"sip:a@b",                      true,  "a single label is a host"                     },
        {"sip:a:@b",                     true,  "a password may be empty"                      },
        {"sip:a@b:1",                    true,  "the lowest port"                              },
        {"sip:a@b;x=%41%2f",             true,  "escapes of either case"                       },
        {"sip:a@b;x=[]/:&+$",            true,  "param-unreserved"                             },
        {"sip:a@b?x=",                   true,  "a header value may be empty"                  },
        {"sip:a@b?x=[]/?:+$&y=",         true,  "hnv-unreserved"                               },
        {"sip:a@[::]",                   true,  "the unspecified IPv6 address"                 },
        {"sip:a@[::ffff:192.0.2.2]",     true,  "an IPv4-mapped address"                       },
        {"sip:a@[2001:db8:::192.0.2.1]", true,  "RFC 5118 4.10: three colons"                  },
        {"sip:%00@b",                    true,  "RFC 4475 3.1.1.4: an escaped NUL"             },

        {"",                             false, "nothing"                                      },
        {"sip",                          false, "no colon"                                     },
        {"sip:",                         false, "no host"                                      },
        {"sip:@b",                       false, "an @ promises a user"                         },
        {"sip::pw@b",                    false, "a password has a user before it"              },
        {"sip:a@",                       false, "nor is there a host here"                     },
        {"sip:a@b@c",                    false, "one @ only"                                   },
        {"sip:a b@c",                    false, "a space must be escaped"                      },
        {" sip:a@b",                     false, "a space before"                               },
        {"sip:a@b ",                     false, "a space behind"                               },
        {"sip: a@b",                     false, "a space within"                               },
        {"<sip:a@b>",                    false, "RFC 4475 3.1.2.7: brackets are not of the URI"},
        {"sip:a\001@b",                  false, "a control character"                          },
        {"sip:\303\244@b",               false, "UTF-8 must be escaped"                        },
        {"sip:a#b@c",                    false, "a hash must be escaped"                       },
        {"sip:a%4@b",                    false, "an escape has two digits"                     },
        {"sip:a%4g@b",                   false, "hexadecimal ones"                             },
        {"sip:a%",                       false, "and does not end early"                       },
        {"sip:a@b%41",                   false, "19.1.2: no escapes in a host"                 },
        {"sip:a@b..c",                   false, "an empty label"                               },
        {"sip:a@-b",                     false, "a label begins with a letter or digit"        },
        {"sip:a@b-",                     false, "and so it ends"                               },
        {"sip:2001:db8::10",             false, "RFC 5118 4.2: IPv6 wants brackets"            },
        {"sip:[2001:db8::10",            false, "both of them"                                 },
        {"sip:[2001:db8::10]5060",       false, "a port wants its colon"                       },
        {"sip:[::1::2]",                 false, "one gap only"                                 },
        {"sip:[:::]",                    false, "three colons only before an IPv4 address"     },
        {"sip:[12345::]",                false, "four digits a group"                          },
        {"sip:a@b:",                     false, "a colon promises a port"                      },
        {"sip:a@b:0",                    false, "port 0"                                       },
        {"sip:a@b:65536",                false, "a port has 16 bits"                           },
        {"sip:a@b:18446744073709551616", false, "however long it is"                           },
        {"sip:a@b:50x",                  false, "a port is digits"                             },
        {"sip:a@b;",                     false, "a semicolon promises a parameter"             },
        {"sip:a@b;;lr",                  false, "each one"                                     },
        {"sip:a@b;=x",                   false, "a parameter has a name"                       },
        {"sip:a@b;x=",                   false, "an equal sign promises a value"               },
        {"sip:a@b;x=\"y\"",              false, "no quotes in a URI"                           },
        {"sip:a@b;x=%zz",                false, "escapes are checked here too"                 },
        {"sip:a@b?",                     false, "a question mark promises headers"             },
        {"sip:a@b?x",                    false, "a header has a value"                         },
        {"sip:a@b?=y",                   false, "and a name"                                   },
        {"sip:a@b?x=y&",                 false, "an ampersand promises one more"               },
        {"sip:a@b?x=<y>",                false, "RFC 3261 erratum 1073"                        },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_uri uri;
        CHECK_CASE(sip_uri_parse(slice_of(cases[i].text), &uri) == cases[i].valid, cases[i].label);
    }
}

static void leaves_out_untouched_when_it_fails(void **state)
{
    struct sip_uri uri = {.port = 4711};

    (void)state;
    assert_false(sip_uri_parse(SLICE("sip:a@b:5060;="), &uri));
    assert_int_equal(uri.port, 4711);
    assert_null(uri.host.ptr);
    assert_false(sip_uri_parse(SLICE_NONE, &uri));
}

static void tells_absent_from_empty(void **state)
{
    struct sip_uri uri = parsed("sip:b");

    (void)state;
    assert_null(uri.user.ptr);
    assert_null(uri.password.ptr);
    uri = parsed("sip:a:@b");
    assert_non_null(uri.password.ptr);
    assert_int_equal(uri.password.len, 0);
}

/* RFC 3966 3 and 6 */
static void reads_tel_uris(void **state)
{
    static const struct {
        const char *text;
        const char *number, *params; /* NULL: malformed */
        const char *label;
    } cases[] = {
        {"tel:+1-201-555-0123",                                                "+1-201-555-0123", "",                                "global"                                      },
        {"TEL:+7",                                                             "+7",              "",                                "a single digit"                              },
        {"tel:7042;phone-context=example.com",                                 "7042",            ";phone-context=example.com",      "local"                                       },
        {"tel:863-1234;phone-context=+1-914-555",                              "863-1234",        ";phone-context=+1-914-555",
         "with leading digits for a context"                                                                                                                                       },
        {"tel:*21#;phone-context=b",                                           "*21#",            ";phone-context=b",                "star and hash"                               },
        {"tel:(0A-f).;isub=1%20a;phone-context=b;m-x",                         "(0A-f).",         ";isub=1%20a;phone-context=b;m-x",
         "local digits go to F"                                                                                                                                                    },
        {"tel:12345678901;phone-context=+86;noa=subscriber;srvattri=national", "12345678901",
         ";phone-context=+86;noa=subscriber;srvattri=national",                                                                      "as IMS writes it"                            },
        {"tel:",                                                               NULL,              NULL,                              "no number"                                   },
        {"tel:+",                                                              NULL,              NULL,                              "no digit"                                    },
        {"tel:+-.()",                                                          NULL,              NULL,                              "separators only"                             },
        {"tel:+1a",                                                            NULL,              NULL,                              "global digits are decimal"                   },
        {"tel:+1 201",                                                         NULL,              NULL,                              "a space is no separator"                     },
        {"tel:7042",                                                           NULL,              NULL,                              "RFC 3966 5.1.5: a local number has a context"},
        {"tel:7042;phone-context",                                             NULL,              NULL,                              "which has a value"                           },
        {"tel:7042;phone-context=+",                                           NULL,              NULL,                              "with a digit"                                },
        {"tel:7042;phone-context=a..b",                                        NULL,              NULL,                              "or a domain name"                            },
        {"tel:+1;",                                                            NULL,              NULL,                              "a semicolon promises a parameter"            },
        {"tel:+1@b",                                                           NULL,              NULL,                              "there is no host"                            },
        {"tel:%2B1",                                                           NULL,              NULL,                              "delimiters are not escaped"                  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_uri uri;
        bool ok = sip_uri_parse(slice_of(cases[i].text), &uri);
        CHECK_CASE(ok == (cases[i].number != NULL), cases[i].label);
        if (!ok)
            continue;
        assert_int_equal(uri.scheme, SIP_SCHEME_TEL);
        CHECK_SLICE(uri.user, cases[i].number);
        CHECK_SLICE(uri.params, cases[i].params);
    }
}

static void takes_other_schemes_as_they_are(void **state)
{
    static const struct {
        const char *text;
        const char *opaque; /* NULL: malformed */
    } cases[] = {
        {"isbn:2983792873",              "2983792873"             }, /* RFC 4475 3.3.4 */
        {"soap.beep://192.0.2.103:3002", "//192.0.2.103:3002"     },
        {"name:John_Smith",              "John_Smith"             },
        {"http://[2001:db8::1]/%41?x=y", "//[2001:db8::1]/%41?x=y"},
        {"h+1-2.3:x",                    "x"                      },
        {"nobodyKnowsThisScheme:",       NULL                     },
        {"1http:x",                      NULL                     },
        {"-:x",                          NULL                     },
        {":x",                           NULL                     },
        {"ht_tp:x",                      NULL                     },
        {"urn:a b",                      NULL                     },
        {"urn:a\tb",                     NULL                     },
        {"urn:a\177",                    NULL                     },
        {"urn:<a>",                      NULL                     },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_uri uri;
        bool ok = sip_uri_parse(slice_of(cases[i].text), &uri);
        CHECK_CASE(ok == (cases[i].opaque != NULL), cases[i].text);
        if (ok)
            CHECK_SLICE(slice_after(uri.text, sip_uri_scheme_text(&uri).len + 1), cases[i].opaque);
    }
}

static void finds_a_parameter_whatever_its_case_and_escapes(void **state)
{
    struct sip_uri uri = parsed("sip:a@b;Transport=TCP;x;6%6C%72=1;%6C%72;x=2");
    struct slice value;

    (void)state;
    assert_true(sip_uri_param(&uri, SLICE("transport"), &value));
    CHECK_SLICE(value, "TCP");
    assert_true(sip_uri_param(&uri, SLICE("X"), &value));
    assert_null(value.ptr);
    assert_true(sip_uri_param(&uri, SLICE("lr"), &value)); /* RFC 4475 3.1.1.3 */
    assert_false(sip_uri_param(&uri, SLICE("l"), &value));
    uri = parsed("sip:a@b");
    assert_false(sip_uri_param(&uri, SLICE("lr"), &value));
}

static void lists_headers(void **state)
{
    struct sip_uri uri = parsed("sip:a@b?Route=%3Csip:c%3E&body=");
    struct slice rest = uri.headers;
    struct sip_param header;

    (void)state;
    assert_true(sip_uri_header_next(&rest, &header));
    CHECK_SLICE(header.name, "Route");
    CHECK_SLICE(header.value, "%3Csip:c%3E");
    assert_true(sip_uri_header_next(&rest, &header));
    CHECK_SLICE(header.name, "body");
    assert_non_null(header.value.ptr);
    assert_int_equal(header.value.len, 0);
    assert_false(sip_uri_header_next(&rest, &header));
}

/* RFC 3261 19.1.4 and 19.1.6, all pairs printed there; then what their prose says beside. */
static void compares_as_the_rfc_does(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"sip:%61lice@atlanta.com;transport=TCP",                                "sip:alice@AtLanTa.CoM;Transport=tcp",          true },
        {"sip:carol@chicago.com",                                                "sip:carol@chicago.com;newparam=5",             true },
        {"sip:carol@chicago.com",                                                "sip:carol@chicago.com;security=on",            true },
        {"sip:carol@chicago.com;newparam=5",                                     "sip:carol@chicago.com;security=on",            true },
        {"sip:carol@chicago.com",                                                "sip:carol@chicago.com;security=off",           true },
        {"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
         "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",                                                 true },
        {"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
         "sip:alice@atlanta.com?priority=urgent&subject=project%20x",                                                            true },
        {"SIP:ALICE@AtLanTa.CoM;Transport=udp",                                  "sip:alice@AtLanTa.CoM;Transport=UDP",          false},
        {"sip:bob@biloxi.com",                                                   "sip:bob@biloxi.com:5060",                      false},
        {"sip:bob@biloxi.com",                                                   "sip:bob@biloxi.com;transport=udp",             false},
        {"sip:bob@biloxi.com",                                                   "sip:bob@biloxi.com:6000;transport=tcp",        false},
        {"sip:carol@chicago.com",                                                "sip:carol@chicago.com?Subject=next%20meeting", false},
        {"sip:bob@phone21.boxesbybob.com",                                       "sip:bob@192.0.2.4",                            false},
        {"sip:carol@chicago.com;security=on",                                    "sip:carol@chicago.com;security=off",           false},
        {"sip:+358-555-1234567;postd=pp22@foo.com;user=phone",
         "sip:+358-555-1234567;POSTD=PP22@foo.com;user=phone",                                                                   false},
        {"sip:+358-555-1234567;postd=pp22;isub=1411@foo.com;user=phone",
         "sip:+358-555-1234567;isub=1411;postd=pp22@foo.com;user=phone",                                                         false},
        {"tel:+358-555-1234567;postd=pp22",                                      "tel:+358-555-1234567;POSTD=PP22",              true },
        {"tel:+358-555-1234567;postd=pp22;isub=1411",                            "tel:+358-555-1234567;isub=1411;postd=pp22",
         true                                                                                                                         },

        {"sip:a@b",                                                              "sips:a@b",                                     false},
        {"sip:b",                                                                "sip:a@b",                                      false},
        {"sip:a@b",                                                              "sip:a:@b",                                     false},
        {"sip:a:x@b",                                                            "sip:a:X@b",                                    false},
        {"sip:a:x@b",                                                            "sip:a:%78@b",                                  true },
        {"sip:a;b@c",                                                            "sip:a%3Bb@c",                                  false}, /* reserved: not the same as its escape */
        {"sip:a%3bb@c",                                                          "sip:a%3Bb@c",                                  true },
        {"sip:a%25b@c",                                                          "sip:a%25B@c",                                  false},
        {"sip:%00@c",                                                            "sip:%00%00@c",                                 false}, /* RFC 4475 3.1.1.4 */
        {"sip:a@b;x=%41",                                                        "sip:a@b;x=a",                                  true },
        {"sip:a@b;x=%41",                                                        "sip:a@b;x=%2541",                              false},
        {"sip:a@b;x=%2f",                                                        "sip:a@b;x=/",                                  false},
        {"sip:a@b;ttl=1",                                                        "sip:a@b",                                      false},
        {"sip:a@b;user=ip",                                                      "sip:a@b",                                      false},
        {"sip:a@b;method=INVITE",                                                "sip:a@b",                                      false},
        {"sip:a@b;maddr=c",                                                      "sip:a@b",                                      false},
        {"sip:a@b;m%61ddr=c",                                                    "sip:a@b",                                      false},
        {"sip:a@b;lr",                                                           "sip:a@b",                                      true },
        {"sip:a@b;lr",                                                           "sip:a@b;lr=on",                                true },
        {"sip:a@b;x",                                                            "sip:a@b;x=1",                                  false},
        {"sip:a@b;x=1;x=2",                                                      "sip:a@b;X=1",                                  true }, /* the first counts */
        {"sip:a@b;x=1;x=2",                                                      "sip:a@b;x=2;x=1",                              false},
        {"sip:a@b?x=1&x=1&y=2",                                                  "sip:a@b?x=1&y=2&y=2",                          false},
        {"sip:a@b?x=1&x=2",                                                      "sip:a@b?X=2&%78=1",                            true },
        {"sip:a@b.",                                                             "sip:a@b",                                      false},
        {"sip:a@[2001:DB8::1]",                                                  "sip:a@[2001:db8:0:0::0001]",                   true },
        {"sip:a@[2001:db8::1]",                                                  "sip:a@[2001:db8::2]",                          false},
        {"sip:a@[::ffff:192.0.2.1]",                                             "sip:a@192.0.2.1",                              false},
        {"sip:a@[2001:db8:::192.0.2.1]",                                         "sip:a@[2001:db8::192.0.2.1]",                  true },
        {"sip:a@[::192.0.2.1]",                                                  "sip:a@[::c000:201]",                           true },

        {"tel:+1-201-555-0123",                                                  "tel:+12015550123",                             true },
        {"tel:+12015550123",                                                     "tel:12015550123;phone-context=+1",             false},
        {"tel:+1",                                                               "tel:+1;isub=1",                                false},
        {"tel:+1;ext=1-2",                                                       "tel:+1;EXT=12",                                true },
        {"tel:7042;phone-context=Example.com",                                   "tel:70-42;phone-context=example.COM",          true },
        {"tel:7042;phone-context=+1-914",                                        "tel:7042;phone-context=+1914",                 true },
        {"tel:7042;phone-context=+1-914",                                        "tel:7042;phone-context=+1915",                 false},
        {"tel:a0*;phone-context=b",                                              "tel:A0*;phone-context=b",                      true },
        {"tel:+1",                                                               "tel:+12",                                      false},
        {"tel:+1",                                                               "sip:+1@b",                                     false},
        {"isbn:1",                                                               "isbn:1",                                       true },
        {"isbn:1",                                                               "ISBN:1",                                       false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_uri a = parsed(cases[i].a), b = parsed(cases[i].b);
        CHECK_CASE(sip_uri_equal(&a, &b) == cases[i].equal, cases[i].a);
        CHECK_CASE(sip_uri_equal(&b, &a) == cases[i].equal, cases[i].b);
        CHECK_CASE(sip_uri_equal(&a, &a) && sip_uri_equal(&b, &b), cases[i].a);
    }
}

static void does_not_compare_very_many_parameters(void **state)
{
    char text[2][1024];
    struct sip_uri uris[2];

    (void)state;
    for (int u = 0; u < 2; u++) {
        struct buffer buffer = buffer_over(text[u], sizeof(text[u]));
        buffer_add_text(&buffer, u == 0 ? "sip:a@b" : "sip:a@B");
        for (unsigned i = 0; i <= SIP_URI_MAX_PARTS; i++)
            buffer_printf(&buffer, ";p%u", i);
        assert_true(sip_uri_parse(buffer_slice(&buffer), &uris[u]));
    }
    assert_true(sip_uri_equal(&uris[0], &uris[0]));
    assert_false(sip_uri_equal(&uris[0], &uris[1]));
}

static void unescapes_once(void **state)
{
    char memory[16];
    struct buffer out = buffer_over(memory, sizeof(memory));

    (void)state;
    sip_uri_unescape(SLICE("v%61lue%25%34%31%00%"), &out);
    assert_false(out.overflowed);
    assert_true(slice_equal(buffer_slice(&out), SLICE("value%41\0%")));
}

static void writes_the_canonical_address_of_record(void **state)
{
    static const struct {
        const char *uri, *aor;
    } cases[] = {
        {"sip:alice@Example.ORG",                              "alice@example.org"                   },
        {"sips:ali%63e:pw@example.org:5061;user=phone;lr?a=b", "alice@example.org"                   },
        {"sip:Alice@example.org",                              "Alice@example.org"                   },
        {"SIP:EXAMPLE.org",                                    "example.org"                         },
        {"sip:null-%00-null@example.com",                      "null-%00-null@example.com"           },
        {"sip:user;par=u%40example.net@example.com",           "user;par=u%40example.net@example.com"},
        {"sip:a%3bb%2f@c",                                     "a;b/@c"                              },
        {"sip:%c3%a4%20%25@c",                                 "%C3%A4%20%25@c"                      },
        {"sip:%22%3c%3e@c",                                    "%22%3C%3E@c"                         },
        {"sip:a@[2001:DB8:0::1]:5060",                         "a@[2001:db8::1]"                     },
        {"sip:[::FFFF:192.0.2.1]",                             "[::ffff:192.0.2.1]"                  },
        {"sip:a@[2001:db8:::192.0.2.1]",                       "a@[2001:db8::c000:201]"              },
        {"tel:+1-(201).555-0123;ext=5",                        "+12015550123"                        },
        {"tel:70-4A;phone-context=Example.com",                "704a;phone-context=example.com"      },
        {"tel:7042;ext=1;phone-context=+1-914",                "7042;phone-context=+1914"            },
        {"isbn:2983792873",                                    "isbn:2983792873"                     },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char memory[128];
        struct buffer out = buffer_over(memory, sizeof(memory));
        struct sip_uri uri = parsed(cases[i].uri);
        sip_uri_write_aor(&uri, &out);
        CHECK_SLICE(buffer_slice(&out), cases[i].aor);
    }
}

static void an_address_of_record_that_does_not_fit_is_noticed(void **state)
{
    char memory[8];
    struct buffer out = buffer_over(memory, sizeof(memory));
    struct sip_uri uri = parsed("sip:alice@example.org");

    (void)state;
    sip_uri_write_aor(&uri, &out);
    assert_true(out.overflowed);
}

CHECK_MAIN(CHECK_TEST(finds_the_parts_of_a_sip_uri), CHECK_TEST(accepts_what_the_grammar_accepts),
           CHECK_TEST(leaves_out_untouched_when_it_fails), CHECK_TEST(tells_absent_from_empty),
           CHECK_TEST(reads_tel_uris), CHECK_TEST(takes_other_schemes_as_they_are),
           CHECK_TEST(finds_a_parameter_whatever_its_case_and_escapes), CHECK_TEST(lists_headers),
           CHECK_TEST(compares_as_the_rfc_does), CHECK_TEST(does_not_compare_very_many_parameters),
           CHECK_TEST(unescapes_once), CHECK_TEST(writes_the_canonical_address_of_record),
           CHECK_TEST(an_address_of_record_that_does_not_fit_is_noticed))
