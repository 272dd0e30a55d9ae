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

enum sip_method sip_method_of(struct slice name)
{
    for (int method = SIP_INVITE; method < SIP_METHOD_COUNT; method++) {
        if (slice_equal(name, names[method]))
            return (enum sip_method)method;
    }
    return SIP_OTHER_METHOD;
}

struct slice sip_method_name(enum sip_method method)
{
    return names[method];
}
