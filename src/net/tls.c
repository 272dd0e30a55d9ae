/*
 * OpenSSL between two calls: what TCP brought lies in `incoming` until it has been taken, and what
 * TCP does not take at once waits in `unsent`. So OpenSSL never has to be asked again, and holds no
 * buffer while nothing is on its way.
 */
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/tls_name.h"

/* A peer can make us answer (RFC 8446 4.6.3), but not without end if it does not read. */
enum { MAX_UNSENT = 64 * 1024 };

struct tls {
    struct tcp *tcp;
    struct tls_context *context;
    SSL *ssl;
    const struct tcp_host *host;
    void *owner;
    struct slice incoming; /* during the call that brought it */
    char *unsent;          /* malloc'ed; NULL: TCP has taken everything */
    size_t unsent_len;
    size_t sent; /* of the unsent bytes */
    const char *fault;
    unsigned calls;    /* of ours that are under way: it is freed behind the last */
    bool is_connected; /* TCP is */
    bool has_begun;    /* the peer has said something */
    bool is_open;      /* the handshake is over */
    bool is_broken;    /* OpenSSL must not be called any more */
    bool has_ended;    /* the peer has said that it sends no more */
    bool wants_finish;
    bool is_closed;
    char domain[];
};

static void tcp_writable(void *owner);
static void tcp_received(void *owner, struct slice bytes);
static void tcp_ended(void *owner, int error);

static const struct tcp_host tcp_host = {tcp_writable, tcp_received, tcp_ended};

/* --- below OpenSSL: the bytes as they are on the wire ------------------------------------------
 */

static bool keep_unsent(struct tls *tls, struct slice bytes)
{
    size_t left = tls->unsent_len - tls->sent;
    char *kept = left + bytes.len <= MAX_UNSENT ? malloc(left + bytes.len) : NULL;

    if (kept == NULL)
        return false;
    if (left > 0)
        memcpy(kept, tls->unsent + tls->sent, left);
    memcpy(kept + left, bytes.ptr, bytes.len);
    free(tls->unsent);
    tls->unsent = kept;
    tls->unsent_len = left + bytes.len;
    tls->sent = 0;
    return true;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    struct tls *tls = BIO_get_data(bio);
    struct slice rest = {bytes, (size_t)len};
    size_t written = 0;

    if (tls->tcp == NULL || (tls->unsent == NULL && !tcp_write(tls->tcp, rest, &written)))
        return -1;
    rest = slice_after(rest, written);
    return rest.len == 0 || keep_unsent(tls, rest) ? len : -1;
}

static int bio_read(BIO *bio, char *out, int size)
{
    struct tls *tls = BIO_get_data(bio);
    size_t len = tls->incoming.len < (size_t)size ? tls->incoming.len : (size_t)size;

    BIO_clear_retry_flags(bio);
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, tls->incoming.ptr, len);
    tls->incoming = slice_after(tls->incoming, len);
    return (int)len;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tchin");

    if (made == NULL)
        return;
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    method = made;
}

static bool attach(struct tls *tls)
{
    pthread_once(&method_once, make_method);
    BIO *bio = method != NULL && tls->ssl != NULL ? BIO_new(method) : NULL;

    if (bio == NULL)
        return false;
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    return true;
}

/* --- its life --------------------------------------------------------------------------------- */

static void free_tls(struct tls *tls)
{
    SSL_free(tls->ssl);
    free(tls->unsent);
    free(tls);
}

static struct tls *new_tls(struct tls_context *context, struct slice domain,
                           const struct tcp_host *host, void *owner)
{
    struct tls *tls = calloc(1, sizeof(*tls) + domain.len + 1);

    if (tls == NULL)
        return NULL;
    tls->context = context;
    tls->host = host;
    tls->owner = owner;
    if (domain.len > 0)
        memcpy(tls->domain, domain.ptr, domain.len);
    tls->ssl =
        domain.len > 0 ? tls_context_connect(context, tls->domain) : tls_context_accept(context);
    if (attach(tls))
        return tls;
    free_tls(tls);
    return NULL;
}

struct tls *tls_adopt(struct net_loop *loop, int fd, struct tls_context *context,
                      const struct tcp_host *host, void *owner)
{
    struct tls *tls = new_tls(context, SLICE_NONE, host, owner);

    if (tls == NULL) {
        close(fd);
        return NULL;
    }
    tls->is_connected = true;
    tls->tcp = tcp_adopt(loop, fd, &tcp_host, tls);
    if (tls->tcp != NULL)
        return tls;
    free_tls(tls);
    return NULL;
}

struct tls *tls_connect(struct net_loop *loop, const struct net_addr *local,
                        const struct net_addr *remote, struct tls_context *context,
                        struct slice domain, const struct tcp_host *host, void *owner)
{
    struct tls *tls = new_tls(context, domain, host, owner);

    if (tls == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    tls->tcp = tcp_connect(loop, local, remote, &tcp_host, tls);
    if (tls->tcp != NULL)
        return tls;
    free_tls(tls);
    return NULL;
}

struct net_addr tls_local(const struct tls *tls)
{
    return tcp_local(tls->tcp);
}

bool tls_is_connected(const struct tls *tls)
{
    return tls->is_connected;
}

const char *tls_fault(const struct tls *tls)
{
    return tls->fault;
}

X509 *tls_proof(const struct tls *tls)
{
    bool is_believed = tls->is_open && SSL_get_verify_result(tls->ssl) == X509_V_OK;

    return is_believed ? SSL_get0_peer_certificate(tls->ssl) : NULL;
}

bool tls_peer_is(const struct tls *tls, struct slice domain)
{
    X509 *proof = tls_proof(tls);

    return proof != NULL && tls_name_is_in(proof, domain);
}

/* Whoever calls into OpenSSL, or our host, holds it meanwhile. */
static void hold(struct tls *tls)
{
    tls->calls++;
}

static void release(struct tls *tls)
{
    if (--tls->calls == 0 && tls->is_closed)
        free_tls(tls);
}

static void close_by(struct tls *tls, void (*close_tcp)(struct tcp *))
{
    struct tcp *tcp = tls->tcp;

    tls->is_closed = true;
    tls->tcp = NULL;
    close_tcp(tcp);
    if (tls->calls == 0)
        free_tls(tls);
}

/* RFC 8446 6.1. Not within a handshake, which cannot be left politely. */
static void say_farewell(struct tls *tls)
{
    if (tls->is_open && !tls->is_broken)
        (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

void tls_finish(struct tls *tls)
{
    say_farewell(tls);
    tls->wants_finish = true;
    if (tls->unsent == NULL)
        tcp_finish(tls->tcp);
}

void tls_close(struct tls *tls)
{
    if (tls == NULL)
        return;
    if (!tls->wants_finish)
        say_farewell(tls);
    close_by(tls, tcp_close);
}

void tls_abort(struct tls *tls)
{
    if (tls != NULL)
        close_by(tls, tcp_abort);
}

/* --- out -------------------------------------------------------------------------------------- */

/* A record at a time, as long as TCP takes them: then the rest stays where it can be told apart. */
bool tls_write(struct tls *tls, struct slice bytes, size_t *written)
{
    *written = 0;
    while (tls->is_open && *written < bytes.len && tls->unsent == NULL) {
        struct slice rest = slice_after(bytes, *written);
        int len = rest.len < TLS_RECORD_BYTES ? (int)rest.len : TLS_RECORD_BYTES;
        if (tls->is_broken || SSL_write(tls->ssl, rest.ptr, len) != len) {
            ERR_clear_error();
            return false;
        }
        *written += (size_t)len;
    }
    return true;
}

/* False: it is broken. */
static bool send_unsent(struct tls *tls)
{
    struct slice rest = {tls->unsent + tls->sent, tls->unsent_len - tls->sent};
    size_t written;

    if (!tcp_write(tls->tcp, rest, &written))
        return false;
    tls->sent += written;
    if (tls->sent < tls->unsent_len)
        return true;
    free(tls->unsent);
    tls->unsent = NULL;
    tls->unsent_len = 0;
    tls->sent = 0;
    if (tls->wants_finish)
        tcp_finish(tls->tcp);
    return true;
}

/* --- in --------------------------------------------------------------------------------------- */

static void break_off(struct tls *tls, int error)
{
    if (tls->is_broken)
        return;
    tls->is_broken = true;
    tls->incoming = SLICE_NONE;
    tls->host->ended(tls->owner, error);
}

/* The first error is the cause, those behind it say where it was noticed. */
static const char *reason_of(const struct tls *tls)
{
    unsigned long error = ERR_peek_error();
    long verdict = SSL_get_verify_result(tls->ssl);

    if (ERR_GET_LIB(error) == ERR_LIB_SSL
        && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK)
        return X509_verify_cert_error_string(verdict);
    const char *reason = ERR_reason_error_string(error);
    return reason != NULL ? reason : "the handshake failed";
}

static void fail(struct tls *tls)
{
    if (!tls->is_open)
        tls->fault = reason_of(tls);
    ERR_clear_error();
    break_off(tls, EPROTO);
}

/* False: there is more to come first, or it has ended. */
static bool shake_hands(struct tls *tls)
{
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        tls->is_open = true;
        tls->host->writable(tls->owner);
        return !tls->is_closed;
    }
    if (SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ)
        fail(tls);
    return false;
}

static void note_end(struct tls *tls)
{
    if (tls->has_ended)
        return;
    tls->has_ended = true;
    tls->host->ended(tls->owner, 0);
}

/* False: there is no more, or it has ended. */
static bool read_once(struct tls *tls)
{
    char *plain = tls_context_plain(tls->context);

    ERR_clear_error();
    int len = SSL_read(tls->ssl, plain, TLS_RECORD_BYTES);
    if (len > 0) {
        tls->host->received(tls->owner, (struct slice){plain, (size_t)len});
        return !tls->is_closed && !tls->is_broken;
    }
    switch (SSL_get_error(tls->ssl, len)) {
    case SSL_ERROR_WANT_READ: break;
    case SSL_ERROR_ZERO_RETURN: note_end(tls); break;
    default: fail(tls); break;
    }
    return false;
}

size_t tls_held_bytes(const struct tls *tls)
{
    return tls->is_open && SSL_has_pending(tls->ssl) ? TLS_RECORD_BYTES : 0;
}

static void run(struct tls *tls)
{
    bool goes_on = tls->is_open || shake_hands(tls);

    while (goes_on)
        goes_on = read_once(tls);
    tls->incoming = SLICE_NONE;
    if (!tls->is_closed && !tls->is_broken && tls_held_bytes(tls) > 0)
        tls->host->received(tls->owner, (struct slice){tls_context_plain(tls->context), 0});
}

static void tcp_received(void *owner, struct slice bytes)
{
    struct tls *tls = owner;

    if (tls->is_broken || tls->has_ended)
        return;
    hold(tls);
    tls->has_begun = true;
    tls->incoming = bytes;
    run(tls);
    release(tls);
}

static void tcp_writable(void *owner)
{
    struct tls *tls = owner;

    if (tls->is_broken)
        return;
    hold(tls);
    if (!tls->is_connected) {
        tls->is_connected = true;
        run(tls);
    } else if (tls->unsent != NULL && !send_unsent(tls)) {
        break_off(tls, ECONNRESET);
    } else if (tls->unsent == NULL && tls->is_open) {
        tls->host->writable(tls->owner);
    }
    release(tls);
}

/* Of ours. A server that nobody says anything to was only looked at, as by a health check. */
static bool is_waiting_for_hello(const struct tls *tls)
{
    return tls->is_connected && !SSL_is_server(tls->ssl);
}

/* That a stream was cut off (RFC 8446 6.1) is no news: its messages say how long they are. */
static void tcp_ended(void *owner, int error)
{
    struct tls *tls = owner;

    hold(tls);
    if (!tls->is_open && tls->fault == NULL && (tls->has_begun || is_waiting_for_hello(tls)))
        tls->fault = "the peer closed the connection";
    if (error != 0 || !tls->is_open)
        break_off(tls, error != 0 ? error : ECONNRESET);
    else if (!tls->is_broken)
        note_end(tls);
    release(tls);
}
