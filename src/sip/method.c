/* Method names: RFC 3261 7.1, 3262, 3265, 3311, 3428, 3515, 3903, 6086. */
#include "sip/method.h"

static const struct slice names[SIP_METHOD_COUNT] = {
    [SIP_OTHER_METHOD] = {"",          0},
    [SIP_INVITE] = {"INVITE",    6},
    [SIP_ACK] = {"ACK",       3},
    [SIP_BYE] = {"BYE",       3},
    [SIP_CANCEL] = {"CANCEL",    6},
    [SIP_OPTIONS] = {"OPTIONS",   7},
    [SIP_REGISTER] = {"REGISTER",  8},
    [SIP_PRACK] = {"PRACK",     5},
    [SIP_SUBSCRIBE] = {"SUBSCRIBE", 9},
    [SIP_NOTIFY] = {"NOTIFY",    6},
    [SIP_PUBLISH] = {"PUBLISH",   7},
    [SIP_INFO] = {"INFO",      4},
    [SIP_REFER] = {"REFER",     5},
    [SIP_MESSAGE] = {"MESSAGE",   7},
    [SIP_UPDATE] = {"UPDATE",    6},
};

/* Those that begin with a letter. */
static const uint8_t by_letter['Z' - 'A' + 1][2] = {
    ['A' - 'A'] = {SIP_ACK     },
    ['B' - 'A'] = {SIP_BYE     },
    ['C' - 'A'] = {SIP_CANCEL  },
    ['I' - 'A'] = {SIP_INVITE,   SIP_INFO},
    ['M' - 'A'] = {SIP_MESSAGE           },
    ['N' - 'A'] = {SIP_NOTIFY},
    ['O' - 'A'] = {SIP_OPTIONS           },
    ['P' - 'A'] = {SIP_PRACK, SIP_PUBLISH},
    ['R' - 'A'] = {SIP_REGISTER, SIP_REFER},
    ['S' - 'A'] = {SIP_SUBSCRIBE},
    ['U' - 'A'] = {SIP_UPDATE           },
};

enum sip_method sip_method_of(struct slice name)
{
    if (name.len == 0 || name.ptr[0] < 'A' || name.ptr[0] > 'Z')
        return SIP_OTHER_METHOD;

    const uint8_t *candidates = by_letter[name.ptr[0] - 'A'];
    if (slice_equal(name, names[candidates[0]]))
        return (enum sip_method)candidates[0];
    return slice_equal(name, names[candidates[1]]) ? (enum sip_method)candidates[1]
                                                   : SIP_OTHER_METHOD;
}

struct slice sip_method_name(enum sip_method method)
{
    return names[method];
}
