/*
 * TLS before a WebSocket is that of libwebsockets, with our certificates. Why a handshake failed it
 * keeps for itself: so it is overheard.
 */
#include <openssl/err.h>
#include <pthread.h>

#include "net/tls_context.h"
#include "net/ws_inside.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int place; /* of the ws in its SSL */

static void find_place(void)
{
    place = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* The first call for a connection comes from within ws_adopt. */
static void overhear(const SSL *ssl, int where, int result)
{
    struct ws_service *service = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if ((where & SSL_CB_HANDSHAKE_START) != 0 && service->adopting != NULL)
        SSL_set_ex_data((SSL *)ssl, place, service->adopting);
    struct ws *ws = SSL_get_ex_data(ssl, place);
    bool is_failing = (where & SSL_CB_EXIT) != 0 && result <= 0 && ERR_peek_error() != 0;
    if (ws != NULL && is_failing)
        ws->fault = ERR_reason_error_string(ERR_peek_error());
}

int ws_set_up_tls(struct ws_service *service, SSL_CTX *ssl)
{
    pthread_once(&once, find_place);
    SSL_CTX_set_app_data(ssl, service);
    SSL_CTX_set_info_callback(ssl, overhear);
    SSL_CTX_set_tlsext_servername_callback(ssl, NULL);
    return tls_context_lend(service->settings.tls, ssl) ? 0 : -1;
}
