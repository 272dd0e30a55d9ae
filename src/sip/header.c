/*
 * The table of header fields: RFC 3261 20 and 25.1, RFC 3262, 3323, 3325, 3326, 3327, 3515, 3608,
 * 3891, 4028, 5393, 6665; compact forms as registered with IANA.
 */
#include "sip/header.h"

#include "sip/address.h"
#include "sip/auth.h"
#include "sip/grammar.h"
#include "sip/values.h"
#include "sip/via.h"

/* What a parser takes is valid. */
#define VALID_IF_PARSED(is_valid, parsed, parse)                                                   \
    static bool is_valid(struct slice value)                                                       \
    {                                                                                              \
        parsed out;                                                                                \
        return parse(value, &out);                                                                 \
    }

VALID_IF_PARSED(is_address, struct sip_address, sip_address_parse)
VALID_IF_PARSED(is_auth_info, struct sip_authentication_info, sip_authentication_info_parse)
VALID_IF_PARSED(is_challenge, struct sip_challenge, sip_challenge_parse)
VALID_IF_PARSED(is_contact, struct sip_contact, sip_contact_parse)
VALID_IF_PARSED(is_credentials, struct sip_credentials, sip_credentials_parse)
VALID_IF_PARSED(is_cseq, struct sip_cseq, sip_cseq_parse)
VALID_IF_PARSED(is_date, int64_t, sip_date_parse)
VALID_IF_PARSED(is_info, struct sip_info, sip_info_parse)
VALID_IF_PARSED(is_media_type, struct sip_media_type, sip_media_type_parse)
VALID_IF_PARSED(is_number, uint32_t, sip_seconds_parse)
VALID_IF_PARSED(is_rack, struct sip_rack, sip_rack_parse)
VALID_IF_PARSED(is_replaces, struct sip_word_params, sip_replaces_parse)
VALID_IF_PARSED(is_seconds, struct sip_word_params, sip_seconds_params_parse)
VALID_IF_PARSED(is_timestamp, struct sip_timestamp, sip_timestamp_parse)
VALID_IF_PARSED(is_token_params, struct sip_word_params, sip_token_params_parse)
VALID_IF_PARSED(is_via, struct sip_via, sip_via_parse)
VALID_IF_PARSED(is_warning, struct sip_warning, sip_warning_parse)

static bool is_call_id(struct slice value)
{
    return sip_call_id_is_valid(value);
}

/* route-param = name-addr *( SEMI rr-param ) */
static bool is_route(struct slice value)
{
    struct sip_address address;

    return sip_address_parse(value, &address) && address.has_brackets;
}

/* RFC 3261 20.22: 0 to 255 */
static bool is_max_forwards(struct slice value)
{
    uint32_t hops;

    return slice_to_u32(value, UINT8_MAX, &hops);
}

static bool is_token(struct slice value)
{
    struct cursor c = cursor_over(value);
    struct slice token;

    return eat_token(&c, &token) && at_end(&c);
}

/* 1*DIGIT "." 1*DIGIT */
static bool is_mime_version(struct slice value)
{
    struct cursor c = cursor_over(value);
    struct slice digits;

    return eat_digits(&c, &digits) && eat_char(&c, '.') && eat_digits(&c, &digits) && at_end(&c);
}

/* product = token [ SLASH product-version ] */
static bool eat_product(struct cursor *c)
{
    struct slice token;

    return eat_token(c, &token) && (!eat_mark(c, '/') || eat_token(c, &token));
}

/* server-val *( LWS server-val ), server-val = product / comment */
static bool is_products(struct slice value)
{
    struct cursor c = cursor_over(value);

    do {
        if (!eat_product(&c) && !eat_comment(&c))
            return false;
        skip_space(&c);
    } while (!at_end(&c));
    return true;
}

/* [TEXT-UTF8-TRIM] */
static bool is_text(struct slice value)
{
    struct cursor c = cursor_over(value);
    struct slice run;

    while (eat_run(&c, CHAR_QUOTED, &run) || eat_space(&c) || eat_char(&c, '"')
           || eat_char(&c, '\\'))
        continue;
    return at_end(&c);
}

/*
 * A row says: id, name, the first and the middle letter of the name, compact form, how often it
 * may occur, and its grammar. SIP_REPEATED are those that RFC 3261 7.3.1 forbids to combine.
 *
 * Length, first and middle letter make a number (SIP_HEADER_SLOT) that no two names have in
 * common. Should a new row fall upon an old one, the compiler says so (initializer overrides): then
 * find other factors.
 */
/* clang-format off */
#define ROWS(ROW)                                                                                 \
    ROW(SIP_ACCEPT,              "Accept",              'a', 'e', 0,   LIST,     is_media_type)   \
    ROW(SIP_ACCEPT_ENCODING,     "Accept-Encoding",     'a', 'e', 0,   LIST,     is_token_params) \
    ROW(SIP_ACCEPT_LANGUAGE,     "Accept-Language",     'a', 'l', 0,   LIST,     is_token_params) \
    ROW(SIP_ALERT_INFO,          "Alert-Info",          'a', '-', 0,   LIST,     is_info)         \
    ROW(SIP_ALLOW,               "Allow",               'a', 'l', 0,   LIST,     is_token)        \
    ROW(SIP_ALLOW_EVENTS,        "Allow-Events",        'a', 'e', 'u', LIST,     is_token)        \
    ROW(SIP_AUTHENTICATION_INFO, "Authentication-Info", 'a', 'a', 0,   SINGLE,   is_auth_info)    \
    ROW(SIP_AUTHORIZATION,       "Authorization",       'a', 'i', 0,   REPEATED, is_credentials)  \
    ROW(SIP_CALL_ID,             "Call-ID",             'c', 'l', 'i', SINGLE,   is_call_id)      \
    ROW(SIP_CALL_INFO,           "Call-Info",           'c', '-', 0,   LIST,     is_info)         \
    ROW(SIP_CONTACT,             "Contact",             'c', 't', 'm', LIST,     is_contact)      \
    ROW(SIP_CONTENT_DISPOSITION, "Content-Disposition", 'c', 'i', 0,   SINGLE,   is_token_params) \
    ROW(SIP_CONTENT_ENCODING,    "Content-Encoding",    'c', 'e', 'e', LIST,     is_token)        \
    ROW(SIP_CONTENT_LANGUAGE,    "Content-Language",    'c', 'l', 0,   LIST,     is_token)        \
    ROW(SIP_CONTENT_LENGTH,      "Content-Length",      'c', '-', 'l', SINGLE,   is_number)       \
    ROW(SIP_CONTENT_TYPE,        "Content-Type",        'c', 't', 'c', SINGLE,   is_media_type)   \
    ROW(SIP_CSEQ,                "CSeq",                'c', 'e', 0,   SINGLE,   is_cseq)         \
    ROW(SIP_DATE,                "Date",                'd', 't', 0,   SINGLE,   is_date)         \
    ROW(SIP_ERROR_INFO,          "Error-Info",          'e', '-', 0,   LIST,     is_info)         \
    ROW(SIP_EVENT,               "Event",               'e', 'e', 'o', SINGLE,   is_token_params) \
    ROW(SIP_EXPIRES,             "Expires",             'e', 'i', 0,   SINGLE,   is_number)       \
    ROW(SIP_FROM,                "From",                'f', 'o', 'f', SINGLE,   is_address)      \
    ROW(SIP_IN_REPLY_TO,         "In-Reply-To",         'i', 'p', 0,   LIST,     is_call_id)      \
    ROW(SIP_MAX_BREADTH,         "Max-Breadth",         'm', 'r', 0,   SINGLE,   is_number)       \
    ROW(SIP_MAX_FORWARDS,        "Max-Forwards",        'm', 'r', 0,   SINGLE,   is_max_forwards) \
    ROW(SIP_MIME_VERSION,        "MIME-Version",        'm', 'e', 0,   SINGLE,   is_mime_version) \
    ROW(SIP_MIN_EXPIRES,         "Min-Expires",         'm', 'x', 0,   SINGLE,   is_number)       \
    ROW(SIP_MIN_SE,              "Min-SE",              'm', '-', 0,   SINGLE,   is_seconds)      \
    ROW(SIP_ORGANIZATION,        "Organization",        'o', 'z', 0,   SINGLE,   is_text)         \
    ROW(SIP_P_ASSERTED_IDENTITY, "P-Asserted-Identity", 'p', 'd', 0,   LIST,     is_address)      \
    ROW(SIP_PATH,                "Path",                'p', 't', 0,   LIST,     is_route)        \
    ROW(SIP_PRIORITY,            "Priority",            'p', 'r', 0,   SINGLE,   is_token)        \
    ROW(SIP_PRIVACY,             "Privacy",             'p', 'v', 0,   SINGLE,   is_token_params) \
    ROW(SIP_PROXY_AUTHENTICATE,  "Proxy-Authenticate",  'p', 'h', 0,   REPEATED, is_challenge)    \
    ROW(SIP_PROXY_AUTHORIZATION, "Proxy-Authorization", 'p', 'h', 0,   REPEATED, is_credentials)  \
    ROW(SIP_PROXY_REQUIRE,       "Proxy-Require",       'p', 'r', 0,   LIST,     is_token)        \
    ROW(SIP_RACK,                "RAck",                'r', 'c', 0,   SINGLE,   is_rack)         \
    ROW(SIP_REASON,              "Reason",              'r', 's', 0,   LIST,     is_token_params) \
    ROW(SIP_RECORD_ROUTE,        "Record-Route",        'r', '-', 0,   LIST,     is_route)        \
    ROW(SIP_REFER_TO,            "Refer-To",            'r', 'r', 'r', SINGLE,   is_address)      \
    ROW(SIP_REPLACES,            "Replaces",            'r', 'a', 0,   SINGLE,   is_replaces)     \
    ROW(SIP_REPLY_TO,            "Reply-To",            'r', 'y', 0,   SINGLE,   is_address)      \
    ROW(SIP_REQUIRE,             "Require",             'r', 'u', 0,   LIST,     is_token)        \
    ROW(SIP_RETRY_AFTER,         "Retry-After",         'r', '-', 0,   SINGLE,   is_seconds)      \
    ROW(SIP_ROUTE,               "Route",               'r', 'u', 0,   LIST,     is_route)        \
    ROW(SIP_RSEQ,                "RSeq",                'r', 'e', 0,   SINGLE,   is_number)       \
    ROW(SIP_SERVER,              "Server",              's', 'v', 0,   SINGLE,   is_products)     \
    ROW(SIP_SERVICE_ROUTE,       "Service-Route",       's', 'e', 0,   LIST,     is_route)        \
    ROW(SIP_SESSION_EXPIRES,     "Session-Expires",     's', '-', 'x', SINGLE,   is_seconds)      \
    ROW(SIP_SUBJECT,             "Subject",             's', 'j', 's', SINGLE,   is_text)         \
    ROW(SIP_SUBSCRIPTION_STATE,  "Subscription-State",  's', 'i', 0,   SINGLE,   is_token_params) \
    ROW(SIP_SUPPORTED,           "Supported",           's', 'o', 'k', LIST,     is_token)        \
    ROW(SIP_TIMESTAMP,           "Timestamp",           't', 's', 0,   SINGLE,   is_timestamp)    \
    ROW(SIP_TO,                  "To",                  't', 'o', 't', SINGLE,   is_address)      \
    ROW(SIP_UNSUPPORTED,         "Unsupported",         'u', 'p', 0,   LIST,     is_token)        \
    ROW(SIP_USER_AGENT,          "User-Agent",          'u', 'a', 0,   SINGLE,   is_products)     \
    ROW(SIP_VIA,                 "Via",                 'v', 'i', 'v', LIST,     is_via)          \
    ROW(SIP_WARNING,             "Warning",             'w', 'n', 0,   LIST,     is_warning)      \
    ROW(SIP_WWW_AUTHENTICATE,    "WWW-Authenticate",    'w', 'e', 0,   REPEATED, is_challenge)

#define AS_ROW(id, name, first, middle, compact, arity, is_valid)                                 \
    [id] = {{name, sizeof(name) - 1}, compact, SIP_##arity, is_valid},

#define AS_NAME(id, name, first, middle, compact, arity, is_valid) [id] = name ":",

#define AS_SLOT(id, name, first, middle, compact, arity, is_valid)                                \
    [SIP_HEADER_SLOT(sizeof(name) - 1, first, middle)] = id,
/* clang-format on */

const struct sip_header_row sip_header_rows[SIP_HEADER_ID_COUNT] = {
    [SIP_UNKNOWN_HEADER] = {{"", 0}, 0, SIP_REPEATED, is_text},
      ROWS(AS_ROW)
};

const uint8_t sip_header_slots[256] = {ROWS(AS_SLOT)};

const char sip_header_names[SIP_HEADER_ID_COUNT][24] = {ROWS(AS_NAME)};

static const uint8_t compact_forms['z' - 'a' + 1] = {
    ['c' - 'a'] = SIP_CONTENT_TYPE, ['e' - 'a'] = SIP_CONTENT_ENCODING,
    ['f' - 'a'] = SIP_FROM,         ['i' - 'a'] = SIP_CALL_ID,
    ['k' - 'a'] = SIP_SUPPORTED,    ['l' - 'a'] = SIP_CONTENT_LENGTH,
    ['m' - 'a'] = SIP_CONTACT,      ['o' - 'a'] = SIP_EVENT,
    ['r' - 'a'] = SIP_REFER_TO,     ['s' - 'a'] = SIP_SUBJECT,
    ['t' - 'a'] = SIP_TO,           ['u' - 'a'] = SIP_ALLOW_EVENTS,
    ['v' - 'a'] = SIP_VIA,          ['x' - 'a'] = SIP_SESSION_EXPIRES,
};

enum sip_header_id sip_header_find_compact(struct slice name)
{
    char letter = name.len == 1 ? ascii_lower(name.ptr[0]) : '\0';

    return letter >= 'a' && letter <= 'z' ? (enum sip_header_id)compact_forms[letter - 'a']
                                          : SIP_UNKNOWN_HEADER;
}
