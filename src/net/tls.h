/*
 * A TLS connection: net/tcp.h, but that a handshake comes before the first byte (RFC 8446; RFC 5246
 * for TLS 1.2). Its calls mean what those of tcp.h mean, with these differences.
 */
#ifndef TCHIN_NET_TLS_H
#define TCHIN_NET_TLS_H

#include "net/tcp.h"
#include "net/tls_context.h"

struct tls;

/*
 * The first `writable` says that the handshake is done; until then nothing is written. `ended` with
 * an error may be for the handshake: tls_fault says then why. `received` without bytes says that
 * tls_held_bytes are held.
 */
struct tls *tls_adopt(struct net_loop *loop, int fd, struct tls_context *context,
                      const struct tcp_host *host, void *owner) MUST_USE;

/* The peer must prove to be `domain` (see tls_name.h), which is copied. */
struct tls *tls_connect(struct net_loop *loop, const struct net_addr *local,
                        const struct net_addr *remote, struct tls_context *context,
                        struct slice domain, const struct tcp_host *host, void *owner) MUST_USE;

struct net_addr tls_local(const struct tls *tls);

/* The connection is there, and the handshake begun or over. */
bool tls_is_connected(const struct tls *tls);

/* Why the handshake failed, in the words of OpenSSL; NULL: it did not, or TCP did. A constant. */
const char *tls_fault(const struct tls *tls);

/* What it keeps for a record that has come in part; 0: it waits for none to be whole. */
size_t tls_held_bytes(const struct tls *tls);

/*
 * The certificate by which the peer has proved who it is, as a server or as a client (RFC 5922 7.3,
 * 7.4). The connection's. NULL: none was shown, or it is not believed.
 */
X509 *tls_proof(const struct tls *tls);

/*
 * Whether the peer has proved to be `domain`: to whom we have connected as, and who has shown a
 * certificate for it that is believed (RFC 5922 7.4).
 */
bool tls_peer_is(const struct tls *tls, struct slice domain);

bool tls_write(struct tls *tls, struct slice bytes, size_t *written) MUST_USE;
void tls_finish(struct tls *tls);

/* Says that we are leaving, as far as that can be done at once. */
void tls_close(struct tls *tls);
void tls_abort(struct tls *tls);

#endif
