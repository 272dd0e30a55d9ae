/*
 * What we can do, for who asks: it needs no credentials and keeps no state. RFC 3261 11.2: a proxy
 * leaves Allow out, since it forwards any method.
 */
#include "server/options.h"

#include "server/reply.h"

enum sip_status options_answer(struct request *rq)
{
    rq->extra_headers = SLICE("Accept: */*\r\n"
                              "Accept-Encoding: identity\r\n"
                              "Accept-Language: en\r\n"
                              "Supported: gruu, outbound, path\r\n");
    return SIP_200_OK;
}
