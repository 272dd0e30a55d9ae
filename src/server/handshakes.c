/* The reasons, in the words of OpenSSL, and what can be done about each. */
#include "server/handshakes.h"

/* The first whose words are in the reason. */
/* clang-format off */
static const struct remedy {
    const char *words;
    const char *for_theirs; /* the peer has connected to us */
    const char *for_ours;   /* we have connected to the peer */
} remedies[] = {
    {"unknown ca", "let the peer trust our certificate or who has signed it, or get one that it trusts",
     "the peer does not believe our certificate: get one that it trusts"},
    {"bad certificate", "the peer refused our certificate: compare its name with the server name that the peer was told",
     "the peer refused our certificate: get one that it trusts"},
    {"certificate unknown", "the peer refused our certificate: compare its name with the server name that the peer was told",
     "the peer refused our certificate: get one that it trusts"},
    {"certificate expired", "our certificate has ended: renew it", "our certificate has ended: renew it"},
    {"certificate has expired", "let the peer renew its certificate", "let the peer renew its certificate"},
    {"certificate is not yet valid", "compare the clocks", "compare the clocks"},
    {"hostname mismatch", "let the peer get a certificate for its domain",
     "let the peer get a certificate for the domain that was asked for"},
    {"self-signed certificate", "add it to trusted_certificates if you believe it",
     "add it to trusted_certificates if you believe it"},
    {"unable to get local issuer", "add who has signed it to trusted_certificates",
     "add who has signed it to trusted_certificates, or let the peer send its whole chain"},
    {"certificate purpose", "let the peer get a certificate for clients", "let the peer get a certificate for servers"},
    {"peer did not return a certificate", "give the peer one, or set client_certificates to optional", ""},
    {"cert cb error", "we have no certificate: see tls/DOMAIN in the data folder", ""},
    {"unsupported protocol", "the peer is too old: TLS 1.2 and 1.3 are spoken here", "the peer is too old for TLS 1.2"},
    {"no shared cipher", "the peer is too old, or its certificate settings too strict", ""},
    {"http request", "HTTP is spoken here behind TLS only, if at all: let the peer use https or wss", ""},
    {"of that origin", "if the page is yours, add its origin to web_origins", ""},
    {"does not offer the sub-protocol", "let the peer offer the sub-protocol sip (RFC 7118)", ""},
    {"wrong version number", "the peer speaks no TLS: let it use the port of TCP", "the peer speaks no TLS at that port"},
    {"fell silent", "nothing, unless it happens often", "see whether the peer speaks TLS at that port"},
};
/* clang-format on */

static const char *remedy_of(const char *reason, bool is_ours)
{
    for (size_t i = 0; i < ARRAY_LEN(remedies); i++) {
        if (strstr(reason, remedies[i].words) != NULL)
            return is_ours ? remedies[i].for_ours : remedies[i].for_theirs;
    }
    return "";
}

void handshakes_failed(struct worker *w, const struct hop *flow, bool is_ours, const char *reason)
{
    char text[80];
    struct buffer peer = buffer_over(text, sizeof(text));

    if (!worker_may_log(w, LOG_WARNING, LOG_HANDSHAKES, &flow->remote))
        return;
    net_addr_write(&flow->remote, &peer);
    const char *theirs = hop_is_web(flow) ? "WebSocket handshake failed" : "TLS handshake failed";
    LOG(&w->log, LOG_WARNING, is_ours ? "TLS handshake failed with who we called" : theirs,
        {"peer", buffer_slice(&peer)}, {"reason", slice_of(reason)},
        {"remedy", slice_of(remedy_of(reason, is_ours))});
}
