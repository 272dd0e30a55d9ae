/* Methods: RFC 3261 7.1 and its extensions. Method names are compared with their case. */
#ifndef TCHIN_SIP_METHOD_H
#define TCHIN_SIP_METHOD_H

#include "base/slice.h"

enum sip_method {
    SIP_OTHER_METHOD, /* a token we do not know; carried untouched */
    SIP_INVITE,
    SIP_ACK,
    SIP_BYE,
    SIP_CANCEL,
    SIP_OPTIONS,
    SIP_REGISTER,
    SIP_PRACK,
    SIP_SUBSCRIBE,
    SIP_NOTIFY,
    SIP_PUBLISH,
    SIP_INFO,
    SIP_REFER,
    SIP_MESSAGE,
    SIP_UPDATE,
    SIP_METHOD_COUNT,
};

enum sip_method sip_method_of(struct slice name);
struct slice sip_method_name(enum sip_method method); /* empty for SIP_OTHER_METHOD */

#endif
