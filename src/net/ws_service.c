/*
 * A context of libwebsockets on a loop that is not its own. It closes in two steps: what it has
 * opened on the loop is closed while the loop still runs, the rest is freed when that is done.
 */
#include <stdlib.h>

#include "net/ws_inside.h"

enum {
    READ_BYTES = 1024,        /* at a time; kept for each connection, idle or not */
    WRITE_BYTES = 128 * 1024, /* more than a message: each is given to the system at once */
    HANDSHAKE_S = 70,         /* the owner is less patient */
};

static struct {
    void (*say)(void *log, struct slice line);
    void *log;
} listener;

static void emit(int level, const char *line)
{
    (void)level;
    listener.say(listener.log, slice_trim(slice_of(line)));
}

void ws_log_to(void (*say)(void *log, struct slice line), void *log)
{
    listener.say = say;
    listener.log = log;
    lws_set_log_level(LLL_ERR | LLL_WARN, emit);
}

static void free_remains(struct net_remains *remains)
{
    struct ws_service *service = CONTAINER_OF(remains, struct ws_service, remains);

    if (service->context != NULL)
        lws_context_destroy(service->context);
    while (!list_is_empty(&service->all))
        ws_free(CONTAINER_OF(service->all.next, struct ws, node));
    SSL_CTX_free(service->unused);
    free(service->output);
    free(service);
}

/* Pings are the owner's business: here each would be looked for in a list of all the others. */
static const lws_retry_bo_t no_pings = {0};

/* HTTP/2 is not offered: what it is good for we have not got. */
static struct lws_context_creation_info describe(struct ws_service *service)
{
    return (struct lws_context_creation_info){
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = service->protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS
                   | LWS_SERVER_OPTION_VALIDATE_UTF8,
        .foreign_loops = service->loops,
        .user = service,
        .alpn = "http/1.1",
        .timeout_secs = HANDSHAKE_S,
        .timeout_secs_ah_idle = HANDSHAKE_S,
        .keepalive_timeout = HANDSHAKE_S,
        .retry_and_idle_policy = &no_pings,
        .gid = -1,
        .uid = -1,
    };
}

/* Without one for clients, which nobody is, it would read all that the system trusts. */
static bool add_tls(struct ws_service *service, struct lws_context_creation_info *info)
{
    if (service->settings.tls == NULL)
        return true;
    service->unused = SSL_CTX_new(TLS_client_method());
    info->provided_client_ssl_ctx = service->unused;
    info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    return service->unused != NULL;
}

static bool make_context(struct ws_service *service)
{
    struct lws_context_creation_info info = describe(service);

    if (!add_tls(service, &info))
        return false;
    service->context = lws_create_context(&info);
    if (service->context == NULL)
        return false;
    info.vhost_name = "plain";
    service->plain = lws_create_vhost(service->context, &info);
    if (service->plain == NULL || service->settings.tls == NULL)
        return service->plain != NULL;
    info.vhost_name = "secure";
    info.options |= LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    service->secure = lws_create_vhost(service->context, &info);
    return service->secure != NULL;
}

struct ws_service *ws_service_new(struct net_loop *loop, const struct ws_settings *settings,
                                  struct buffer *fault)
{
    struct ws_service *service = calloc(1, sizeof(*service));

    if (listener.say == NULL)
        lws_set_log_level(0, NULL);
    if (service == NULL) {
        buffer_add_text(fault, "no memory for WebSockets");
        return NULL;
    }
    service->loop = loop;
    service->settings = *settings;
    service->loops[0] = net_loop_uv(loop);
    service->protocols[0] = (struct lws_protocols){.name = settings->protocol,
                                                   .callback = ws_event,
                                                   .rx_buffer_size = READ_BYTES,
                                                   .tx_packet_size = WRITE_BYTES};
    service->remains.free = free_remains;
    list_init(&service->all);
    net_loop_bequeath(loop, &service->remains);
    if (make_context(service))
        return service;
    ws_service_stop(service);
    buffer_add_text(fault, "libwebsockets does not start: is the package libwebsockets-evlib-uv "
                           "installed?");
    return NULL;
}

void ws_service_stop(struct ws_service *service)
{
    if (service->context != NULL)
        lws_context_destroy(service->context);
}
