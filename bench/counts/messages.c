/* Their lengths are those of the messages that other parsers are measured with. */
#include "messages.h"

#include <assert.h>

const char message_long_invite[] =
    "INVITE sip:desk@north.example.org;transport=udp SIP/2.0\r\n"
    "Via: SIP/2.0/UDP "
    "edge2.example.net:5060;branch=z9hG4bK61a0c84e7f35.2b9d;received=198.51.100.5\r\n"
    "Via: SIP/2.0/UDP edge1.example.net;branch=z9hG4bK9b04e1c72.7;received=198.51.100.4\r\n"
    "Via: SIP/2.0/UDP core.example.net;branch=z9hG4bK4410ff.0;received=198.51.100.3;rport=5060\r\n"
    "Via: SIP/2.0/TCP office.example.com;branch=z9hG4bKd3a87b2219.1;received=198.51.100.2\r\n"
    "Via: SIP/2.0/UDP 203.0.113.20:5060;branch=z9hG4bK7f21c0;rport=5060\r\n"
    "Record-Route: <sip:edge2.example.net;lr>,<sip:edge1.example.net;lr>\r\n"
    "Record-Route: <sip:core.example.net;lr>\r\n"
    "Max-Forwards: 66\r\n"
    "From: \"Garden Room\" <sip:garden@office.example.com>;tag=7c1d90b2-551873\r\n"
    "To: \"Front Desk\" <sip:desk@north.example.org>;tag=88c0-41\r\n"
    "Call-ID: 5d41402abc4b2a76b9719d911017c592@203.0.113.20\r\n"
    "CSeq: 20417 INVITE\r\n"
    "Contact: \"Garden\" <sip:garden@203.0.113.20:5060;transport=udp>"
    ";+sip.instance=\"<urn:uuid:0c67a9d2-3b1f-4e80-9a55-7d0e2f6b1c34>\"\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, NOTIFY, REFER, INFO, UPDATE\r\n"
    "Supported: replaces, timer, outbound, path, gruu\r\n"
    "Session-Expires: 1800;refresher=uac\r\n"
    "User-Agent: Deskphone 4.2.0-1187\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 250\r\n"
    "\r\n"
    "v=0\r\n"
    "o=- 3944921001 3944921001 IN IP4 203.0.113.20\r\n"
    "s=-\r\n"
    "c=IN IP4 203.0.113.20\r\n"
    "t=0 0\r\n"
    "m=audio 40000 RTP/AVP 9 8 0 101\r\n"
    "a=rtpmap:9 G722/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-16\r\n"
    "a=sendrecv\r\n";

const char message_short_invite[] = "INVITE sip:desk@north.example.org SIP/2.0\r\n"
                                    "Via: SIP/2.0/UDP 203.0.113.20:5060;branch=z9hG4bK7f21c05a\r\n"
                                    "Max-Forwards: 70\r\n"
                                    "From: <sip:garden@office.example.com>;tag=7c1d90b25\r\n"
                                    "To: <sip:desk@north.example.org>;tag=88c041\r\n"
                                    "Call-ID: 5d41402abc4b2a76b9719d91@203.0.113.20\r\n"
                                    "CSeq: 20417 INVITE\r\n"
                                    "Contact: <sip:garden@203.0.113.20>\r\n"
                                    "Content-Length: 0\r\n"
                                    "\r\n";

const char message_register[] =
    "REGISTER sip:example.org SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 203.0.113.20:5060;branch=z9hG4bK7f21c05a83d14b;rport\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:garden@example.org>;tag=7c1d90\r\n"
    "To: <sip:garden@example.org>\r\n"
    "Call-ID: 5d41402abc4b2a76b9719d91@203.0.113.20\r\n"
    "CSeq: 1042 REGISTER\r\n"
    "Contact: <sip:garden@203.0.113.20:5060>\r\n"
    "Expires: 3600\r\n"
    "User-Agent: Deskphone 4.2.0\r\n"
    "Authorization: Digest username=\"garden\", realm=\"example.org\", "
    "nonce=\"019b76c1a2000019b76c1a2013f8e7d6c5b4a392\", uri=\"sip:example.org\", "
    "response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, cnonce=\"0a4f113b\", "
    "qop=auth, nc=00000001\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

static_assert(sizeof(message_long_invite) - 1 == 1450, "");
static_assert(sizeof(message_short_invite) - 1 == 343, "");
static_assert(sizeof(message_register) - 1 == 608, "");
