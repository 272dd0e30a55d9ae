/* Text from patterns, and header lines copied from what came. Not counted, so written to be read.
 */
#include "peer.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define SDP                                                                                        \
    "v=0\r\no=- 3944921001 3944921001 IN IP4 203.0.113.20\r\ns=-\r\nc=IN IP4 203.0.113.20\r\n"     \
    "t=0 0\r\nm=audio 40000 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n" \
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"             \
    "a=ptime:20\r\na=sendrecv\r\n"

static void add(struct datagram *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct datagram *d, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(d->bytes + d->len, sizeof(d->bytes) - d->len, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(d->bytes) - d->len)
        world_fails("a datagram is too long");
    d->len += (size_t)len;
}

static unsigned host_of(unsigned phone)
{
    return 1 + phone % 250;
}

static struct datagram *from_phone(struct datagrams *out, unsigned phone)
{
    struct datagram *d = datagram_add(out);

    d->hop.remote = (struct net_addr){
        .family = 4, .port = 5060, .ip = {203, 0, 113}
    };
    d->hop.remote.ip[3] = (uint8_t)host_of(phone);
    return d;
}

static void add_body(struct datagram *d, const char *type, const char *body)
{
    if (body[0] != '\0')
        add(d, "Content-Type: %s\r\n", type);
    add(d, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
}

/* The fields with which every request begins. */
static void add_beginning(struct datagram *d, const char *method, const char *uri, unsigned from,
                          const char *to, unsigned call, unsigned cseq)
{
    add(d,
        "%s %s SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 203.0.113.%u:5060;branch=z9hG4bK%07u%04u%.3s;rport\r\n"
        "Max-Forwards: 70\r\n"
        "From: \"Phone %03u\" <sip:u%03u@" DOMAIN ">;tag=t%07u\r\n"
        "To: <%s>\r\n"
        "Call-ID: %07u-5d41402abc4b2a76b9719d91@203.0.113.%u\r\n"
        "CSeq: %u %s\r\n",
        method, uri, host_of(from), call, cseq, method, from, from, call, to, call, host_of(from),
        cseq, method);
}

void peer_options(struct datagrams *out, unsigned phone, unsigned call)
{
    struct datagram *d = from_phone(out, phone);

    add_beginning(d, "OPTIONS", "sip:" DOMAIN, phone, "sip:" DOMAIN, call, 1);
    add(d,
        "Contact: <sip:u%03u@203.0.113.%u:5060>\r\nAccept: application/sdp\r\n"
        "User-Agent: Deskphone 4.2.0\r\n",
        phone, host_of(phone));
    add_body(d, "", "");
}

void peer_register(struct datagrams *out, unsigned phone, unsigned cseq, const char *authorization)
{
    struct datagram *d = from_phone(out, phone);
    char aor[40];

    snprintf(aor, sizeof(aor), "sip:u%03u@" DOMAIN, phone);
    add_beginning(d, "REGISTER", "sip:" DOMAIN, phone, aor, phone, cseq);
    add(d,
        "Contact: <sip:u%03u@203.0.113.%u:5060>\r\n%sExpires: 3600\r\n"
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, NOTIFY, REFER, UPDATE\r\n"
        "User-Agent: Deskphone 4.2.0\r\n",
        phone, host_of(phone), authorization);
    add_body(d, "", "");
}

static void add_to_user(struct datagram *d, const char *method, unsigned from, unsigned to,
                        unsigned call)
{
    char uri[40];

    snprintf(uri, sizeof(uri), "sip:u%03u@" DOMAIN, to);
    add_beginning(d, method, uri, from, uri, call, 1);
}

void peer_message(struct datagrams *out, unsigned from, unsigned to, unsigned call)
{
    struct datagram *d = from_phone(out, from);

    add_to_user(d, "MESSAGE", from, to, call);
    add(d, "User-Agent: Deskphone 4.2.0\r\n");
    add_body(d, "text/plain", "I am in the garden, come over.");
}

void peer_invite(struct datagrams *out, unsigned from, unsigned to, unsigned call)
{
    struct datagram *d = from_phone(out, from);

    add_to_user(d, "INVITE", from, to, call);
    add(d,
        "Contact: <sip:u%03u@203.0.113.%u:5060>\r\n"
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, NOTIFY, REFER, UPDATE\r\n"
        "Supported: replaces, timer\r\nUser-Agent: Deskphone 4.2.0\r\n",
        from, host_of(from));
    add_body(d, "application/sdp", SDP);
}

/* --- reading what came ------------------------------------------------------------------------ */

/* The next line of `rest`, without its end. False: the empty line, or the last. */
static bool next_line(struct slice *rest, struct slice *line)
{
    size_t len = slice_find(*rest, '\r');

    if (len == 0 || len == rest->len)
        return false;
    *line = (struct slice){rest->ptr, len};
    rest->ptr += len + 2;
    rest->len -= len + 2;
    return true;
}

/* The n-th line that begins so. */
static bool find_line(const struct datagram *d, const char *beginning, size_t n, struct slice *line)
{
    struct slice rest = datagram_text(d);

    while (next_line(&rest, line)) {
        if (slice_starts_with(*line, slice_of(beginning)) && n-- == 0)
            return true;
    }
    return false;
}

static struct slice find_only(const struct datagram *d, const char *beginning)
{
    struct slice line;

    if (!find_line(d, beginning, 0, &line))
        world_fails("a header line is missing in what was sent");
    return line;
}

/* What stands between two marks of a line. */
static struct slice between(struct slice line, const char *before, const char *after)
{
    const char *start = memmem(line.ptr, line.len, before, strlen(before));

    if (start == NULL)
        world_fails("a value is missing in what was sent");
    start += strlen(before);
    const char *end = memmem(start, (size_t)(line.ptr + line.len - start), after, strlen(after));
    if (end == NULL)
        world_fails("a value does not end in what was sent");
    return (struct slice){start, (size_t)(end - start)};
}

static void copy_lines(struct datagram *to, const struct datagram *from, const char *beginning)
{
    struct slice line;

    for (size_t i = 0; find_line(from, beginning, i, &line); i++)
        add(to, "%.*s\r\n", SLICE_ARGS(line));
}

/* A phone answers from where it was reached. */
static struct datagram *from_reached(struct datagrams *out, const struct datagram *received)
{
    struct datagram *d = datagram_add(out);

    d->hop.remote = received->hop.remote;
    return d;
}

void peer_answer(struct datagrams *out, const struct datagram *request, const char *status)
{
    struct datagram *d = from_reached(out, request);
    struct slice to = find_only(request, "To: ");
    bool is_invite = slice_starts_with(datagram_text(request), SLICE("INVITE "));
    bool has_tag = memmem(to.ptr, to.len, ";tag=", 5) != NULL;

    add(d, "SIP/2.0 %s\r\n", status);
    copy_lines(d, request, "Via: ");
    copy_lines(d, request, "Record-Route: ");
    copy_lines(d, request, "From: ");
    add(d, "%.*s%s\r\n", SLICE_ARGS(to), has_tag ? "" : ";tag=callee-7c1d");
    copy_lines(d, request, "Call-ID: ");
    copy_lines(d, request, "CSeq: ");
    if (is_invite)
        add(d, "Contact: <%.*s>\r\n",
            SLICE_ARGS(between(datagram_text(request), "INVITE ", " SIP/2.0")));
    add(d, "User-Agent: Softphone 1.9\r\n");
    add_body(d, "application/sdp", is_invite && status[0] == '2' ? SDP : "");
}

void peer_within_dialog(struct datagrams *out, const struct datagram *answer, const char *method,
                        unsigned cseq)
{
    struct datagram *d = from_reached(out, answer);
    struct slice target = between(find_only(answer, "Contact: "), "<", ">");
    struct slice via = between(find_only(answer, "Via: "), "UDP ", ";branch");
    struct slice call_id = find_only(answer, "Call-ID: ");
    struct slice line;

    add(d, "%s %.*s SIP/2.0\r\n", method, SLICE_ARGS(target));
    add(d, "Via: SIP/2.0/UDP %.*s;branch=z9hG4bK%.7s%04u%s;rport\r\n", SLICE_ARGS(via),
        call_id.ptr + strlen("Call-ID: "), cseq, method);
    for (size_t i = 0; find_line(answer, "Record-Route: ", i, &line); i++)
        add(d, "Route: %.*s\r\n", (int)(line.len - 14), line.ptr + 14);
    add(d, "Max-Forwards: 70\r\n");
    copy_lines(d, answer, "From: ");
    copy_lines(d, answer, "To: ");
    copy_lines(d, answer, "Call-ID: ");
    add(d, "CSeq: %u %s\r\nUser-Agent: Deskphone 4.2.0\r\n", cseq, method);
    add_body(d, "", "");
}

/* --- RFC 7616 3.4.1, by hand: the server's own code is what is measured -------------------------
 */

static void md5_hex(const char *text, char out[33])
{
    unsigned char hash[16];

    if (EVP_Q_digest(NULL, "MD5", NULL, text, strlen(text), hash, NULL) != 1)
        world_fails("no MD5");
    for (unsigned i = 0; i < sizeof(hash); i++)
        snprintf(out + (size_t)2 * i, 3, "%02x", hash[i]);
}

void peer_authorize(const struct datagram *refusal, unsigned phone,
                    char out[PEER_AUTHORIZATION_BYTES])
{
    struct slice challenge = find_only(refusal, "WWW-Authenticate: ");
    struct slice nonce = between(challenge, "nonce=\"", "\"");
    char text[512], ha1[33], ha2[33], response[33];

    snprintf(text, sizeof(text), "u%03u:" DOMAIN ":" PASSWORD, phone);
    md5_hex(text, ha1);
    md5_hex("REGISTER:sip:" DOMAIN, ha2);
    snprintf(text, sizeof(text), "%s:%.*s:00000001:0a4f113b:auth:%s", ha1, SLICE_ARGS(nonce), ha2);
    md5_hex(text, response);
    snprintf(out, PEER_AUTHORIZATION_BYTES,
             "Authorization: Digest username=\"u%03u\", realm=\"" DOMAIN "\", nonce=\"%.*s\", "
             "uri=\"sip:" DOMAIN "\", response=\"%s\", algorithm=MD5, cnonce=\"0a4f113b\", "
             "qop=auth, nc=00000001\r\n",
             phone, SLICE_ARGS(nonce), response);
}
