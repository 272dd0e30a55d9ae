/*
 * Requests such as phones send, of their usual length. The {id} in branch, tag and Call-ID says
 * which transaction or call a message belongs to, so that none has to be searched for.
 */
#include "tools/load_messages.h"

#define VIA    "Via: SIP/2.0/{transport} {local};branch=z9hG4bK{id}{step};rport\r\n"
#define HOPS   "Max-Forwards: 70\r\n"
#define CALLER "<sip:{caller}@{domain}>;tag={id}"
#define CALLEE "<sip:{callee}@{domain}>"
#define AGENT  "User-Agent: tchin/" TCHIN_VERSION "\r\n"
#define NOBODY "Content-Length: 0\r\n\r\n"

#define SDP                                                                                        \
    "v=0\r\no=- 3944921 3944921 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"        \
    "m=audio 40000 RTP/AVP 0 8 9 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"          \
    "a=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"             \
    "a=ptime:20\r\na=sendrecv\r\n"

_Static_assert(sizeof(SDP) - 1 == 250, "Content-Length of the INVITE says so");
const struct slice load_answer_sdp = {SDP, sizeof(SDP) - 1};

const char *const load_request_texts[LOAD_REQUEST_COUNT] = {
    [LOAD_REQUEST_OPTIONS] = "OPTIONS sip:{domain} SIP/2.0\r\n" VIA HOPS "From: " CALLER "\r\n"
                             "To: <sip:{domain}>\r\n"
                             "Call-ID: {id}@tchin\r\n"
                             "CSeq: {cseq} OPTIONS\r\n"
                             "Contact: <sip:{caller}@{local}{param}>\r\n"
                             "Accept: application/sdp\r\n" AGENT "{login}" NOBODY,

    [LOAD_REQUEST_REGISTER] =
        "REGISTER sip:{domain} SIP/2.0\r\n" VIA HOPS "From: <sip:{callee}@{domain}>;tag={id}\r\n"
        "To: " CALLEE "\r\n"
        "Call-ID: {run}-{callee}@tchin\r\n"
        "CSeq: {cseq} REGISTER\r\n"
        "Contact: <sip:{callee}@{contact}{param}>\r\n"
        "Expires: {expires}\r\n" AGENT "{login}" NOBODY,

    [LOAD_REQUEST_MESSAGE] =
        "MESSAGE sip:{callee}@{domain} SIP/2.0\r\n" VIA HOPS "From: " CALLER "\r\n"
        "To: " CALLEE "\r\n"
        "Call-ID: {id}@tchin\r\n"
        "CSeq: {cseq} MESSAGE\r\n" AGENT "{login}"
        "Content-Type: text/plain\r\n"
        "Content-Length: 29\r\n\r\n"
        "Shall we have dinner at nine?",

    [LOAD_REQUEST_INVITE] =
        "INVITE sip:{callee}@{domain} SIP/2.0\r\n" VIA HOPS "From: \"Load\" " CALLER "\r\n"
        "To: " CALLEE "\r\n"
        "Call-ID: {id}@tchin\r\n"
        "CSeq: {cseq} INVITE\r\n"
        "Contact: <sip:{caller}@{local}{param}>\r\n"
        "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE\r\n"
        "Supported: replaces, timer\r\n" AGENT "{login}"
        "Content-Type: application/sdp\r\n"
        "Content-Length: 250\r\n\r\n" SDP,

    [LOAD_REQUEST_ACK] =
        "ACK {target} SIP/2.0\r\n" VIA "{routes}" HOPS "From: \"Load\" " CALLER "\r\n"
        "To: {to}\r\n"
        "Call-ID: {id}@tchin\r\n"
        "CSeq: {cseq} ACK\r\n" AGENT NOBODY,

    [LOAD_REQUEST_BYE] =
        "BYE {target} SIP/2.0\r\n" VIA "{routes}" HOPS "From: \"Load\" " CALLER "\r\n"
        "To: {to}\r\n"
        "Call-ID: {id}@tchin\r\n"
        "CSeq: {cseq} BYE\r\n" AGENT "{login}" NOBODY,
};

struct slice load_request_method(enum load_request request)
{
    static const struct slice names[LOAD_REQUEST_COUNT] = {
        [LOAD_REQUEST_OPTIONS] = SLICE("OPTIONS"), [LOAD_REQUEST_REGISTER] = SLICE("REGISTER"),
        [LOAD_REQUEST_MESSAGE] = SLICE("MESSAGE"), [LOAD_REQUEST_INVITE] = SLICE("INVITE"),
        [LOAD_REQUEST_ACK] = SLICE("ACK"),         [LOAD_REQUEST_BYE] = SLICE("BYE"),
    };
    return names[request];
}
