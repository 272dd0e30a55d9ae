/* What the files of WebSockets share. */
#ifndef TCHIN_NET_WS_INSIDE_H
#define TCHIN_NET_WS_INSIDE_H

#include <libwebsockets.h>
#include <openssl/ssl.h>

#include "net/ws.h"

struct ws_service {
    struct net_loop *loop;
    struct net_remains remains;
    struct ws_settings settings;
    void *loops[1]; /* as libwebsockets wants to be told of the loop */
    struct lws_protocols protocols[2];
    struct lws_context *context;
    struct lws_vhost *plain;
    struct lws_vhost *secure; /* NULL: there is no TLS */
    SSL_CTX *unused;
    struct ws *adopting;  /* for whom a TLS handshake begins */
    struct list_node all; /* connections, while libwebsockets knows them */
    char *output;         /* a message with LWS_PRE bytes before it */
    size_t output_size;
};

struct ws {
    struct list_node node;
    struct ws_service *service;
    struct lws *wsi; /* NULL: it is destroyed, or if it is not ending it failed at once */
    const struct ws_host *host; /* NULL: the owner has closed it */
    void *owner;
    struct ws_kind kind;
    bool is_open;   /* between the handshake and the end */
    bool is_ending; /* libwebsockets is closing it */
    bool is_called; /* from libwebsockets: what is to be closed closes when we return */
    bool must_close;
    bool is_deaf;
    const char *fault;
    char *held; /* of a message that is not whole */
    size_t held_len;
    size_t held_size;
};

/* What libwebsockets calls, for everything. */
int ws_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

/* What libwebsockets has made for TLS: it becomes one of ours. 0: it is. */
int ws_set_up_tls(struct ws_service *service, SSL_CTX *ssl);

/* A request for a page. As all of these, it returns what ws_event is to return. */
int ws_answer_page(struct ws *ws, struct slice path);

/* A request to become a WebSocket: RFC 6455 4.2. 0: go on. */
int ws_judge_upgrade(struct ws *ws, struct slice protocol);

void ws_free(struct ws *ws);

#endif
