/*
 * Status codes: RFC 3261 21 and its extensions. `enum sip_status` is also what a step of the
 * server says: a code decides, SIP_GO_ON leaves it to the next step, SIP_PARKED to a later turn.
 */
#ifndef TCHIN_SIP_STATUS_H
#define TCHIN_SIP_STATUS_H

#include "base/slice.h"

enum sip_status {
    SIP_PARKED = -1,
    SIP_GO_ON = 0,
    SIP_100_TRYING = 100,
    SIP_180_RINGING = 180,
    SIP_200_OK = 200,
    SIP_400_BAD_REQUEST = 400,
    SIP_401_UNAUTHORIZED = 401,
    SIP_403_FORBIDDEN = 403,
    SIP_404_NOT_FOUND = 404,
    SIP_405_METHOD_NOT_ALLOWED = 405,
    SIP_407_PROXY_AUTHENTICATION_REQUIRED = 407,
    SIP_408_REQUEST_TIMEOUT = 408,
    SIP_415_UNSUPPORTED_MEDIA_TYPE = 415,
    SIP_416_UNSUPPORTED_URI_SCHEME = 416,
    SIP_420_BAD_EXTENSION = 420,
    SIP_421_EXTENSION_REQUIRED = 421,
    SIP_423_INTERVAL_TOO_BRIEF = 423,
    SIP_430_FLOW_FAILED = 430,
    SIP_439_FIRST_HOP_LACKS_OUTBOUND_SUPPORT = 439,
    SIP_440_MAX_BREADTH_EXCEEDED = 440,
    SIP_480_TEMPORARILY_UNAVAILABLE = 480,
    SIP_481_CALL_DOES_NOT_EXIST = 481,
    SIP_482_LOOP_DETECTED = 482,
    SIP_483_TOO_MANY_HOPS = 483,
    SIP_487_REQUEST_TERMINATED = 487,
    SIP_500_SERVER_INTERNAL_ERROR = 500,
    SIP_501_NOT_IMPLEMENTED = 501,
    SIP_503_SERVICE_UNAVAILABLE = 503,
    SIP_505_VERSION_NOT_SUPPORTED = 505,
    SIP_513_MESSAGE_TOO_LARGE = 513,
};

/* The reason phrase that goes with a code, "Unknown" for one that has none here. */
struct slice sip_reason_phrase(int status);

#endif
