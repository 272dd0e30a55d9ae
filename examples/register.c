/*
 * Registers over UDP (RFC 3261 10.2), answers one challenge, prints the bindings. Exits with 0 if
 * registered, 1 if not, 2 if used wrongly: ./register sip:alice@example.org PASSWORD 127.0.0.1 5060
 */
#include <sip/build.h>
#include <sip/credentials.h>
#include <sip/uri.h>
#include <txn/table.h>

#include <sys/random.h>

#include "loop.h"

struct client {
    struct txn_table *table;
    struct sip_hasher *hasher;
    struct sip_login login; /* its cnonce is our tag and Call-ID, too */
    const char *aor;
    char own[64];
    int fd, cseq, result; /* the exit code; -1: not known yet */
};

static void send_register(struct client *c, const struct sip_challenge *challenge)
{
    char text[4096], branch[TXN_BRANCH_MAX];
    struct buffer out = buffer_over(text, sizeof(text));
    struct txn *t = txn_client_new(c->table, SIP_REGISTER, NULL);

    if (t == NULL)
        return;
    sip_build_request_line(&out, c->login.method, c->login.uri);
    buffer_printf(&out, "Via: SIP/2.0/UDP %s;rport;branch=%.*s\r\nMax-Forwards: 70\r\n", c->own,
                  SLICE_ARGS(txn_branch(t, branch)));
    buffer_printf(&out, "From: <%s>;tag=%s\r\nTo: <%s>\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\n",
                  c->aor, c->login.cnonce.ptr, c->aor, c->login.cnonce.ptr, ++c->cseq);
    buffer_printf(&out, "Contact: <sip:%.*s@%s>\r\n", SLICE_ARGS(c->login.username), c->own);
    buffer_add_text(&out, challenge != NULL ? "Authorization: " : "Expires: 600");
    if (challenge != NULL && !sip_credentials_build(&out, c->hasher, challenge, &c->login))
        return;
    buffer_add_text(&out, "\r\n");
    sip_build_end(&out);
    if (!out.overflowed && txn_client_start(t, buffer_slice(&out), NULL, false))
        c->result = -1;
}

static void put_on_wire(void *client, struct txn *t, struct slice bytes)
{
    if (send(((struct client *)client)->fd, bytes.ptr, bytes.len, 0) < 0)
        txn_unreachable(t);
}

static void hear(void *client, struct txn *t, enum txn_news news, const struct sip_message *msg)
{
    struct client *c = client;
    struct sip_challenge challenge;
    struct slice value;

    if (news == TXN_TIMEOUT || news == TXN_UNREACHABLE)
        c->result = 1;
    if (msg == NULL || !txn_has_final(t))
        return;
    c->result = msg->status > 299;
    printf("%d %.*s\n", msg->status, SLICE_ARGS(msg->reason));
    for (struct sip_values v = sip_values_of(msg, SIP_CONTACT); sip_values_next(&v, &value);)
        printf("%.*s\n", SLICE_ARGS(value));
    value = sip_message_value(msg, SIP_WWW_AUTHENTICATE);
    if (msg->status == 401 && c->cseq == 1 && sip_challenge_parse(value, &challenge))
        send_register(c, &challenge);
}

int main(int argc, char **argv)
{
    static const struct txn_host host = {put_on_wire, hear};
    struct txn_settings settings = txn_default_settings();
    struct client c = {.result = 1, .aor = argv[1]};
    struct sip_uri aor;
    char domain[256], call[20];

    if (argc != 5 || !sip_uri_parse(slice_of(argv[1]), &aor)
        || (c.fd = udp_connect(argv[3], argv[4], c.own, sizeof(c.own))) < 0
        || getrandom(&settings.key, sizeof(settings.key), 0) < 0
        || (c.table = txn_table_new(&settings, &host, &c, clock_ms())) == NULL
        || (c.hasher = sip_hasher_new()) == NULL)
        return 2;
    snprintf(domain, sizeof(domain), "sip:%.*s", SLICE_ARGS(aor.host));
    snprintf(call, sizeof(call), "%016lx", (unsigned long)hash_bytes(&settings.key, aor.text));
    c.login = (struct sip_login){.username = aor.user,
                                 .password = slice_of(argv[2]),
                                 .method = SLICE("REGISTER"),
                                 .uri = slice_of(domain),
                                 .cnonce = slice_of(call),
                                 .nc = 1};
    send_register(&c, NULL);
    while (c.result < 0)
        c.result = loop_turn(c.fd, c.table) ? c.result : 1;
    txn_table_free(c.table);
    sip_hasher_free(c.hasher);
    return c.result;
}
