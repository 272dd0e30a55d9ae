/*
 * The few pages that we answer by HTTP (RFC 9110), on the ports of WebSockets: no files, no
 * sessions, one answer a connection.
 */
#ifndef TCHIN_NET_HTTP_H
#define TCHIN_NET_HTTP_H

#include "base/buffer.h"

struct http_page {
    unsigned status;
    struct slice text; /* text/plain */
};

/* What is at `path`, without its query; `out->text` stays valid until the next call. */
typedef void http_find_page(void *owner, struct slice path, struct http_page *out);

enum { HTTP_HEAD_BYTES = 512 };

/*
 * An answer of HTTP/1.1, after which the connection closes. `header` is one more field with its
 * CRLF, or empty; `with_text` is false for HEAD: its text is only counted.
 */
void http_write_answer(const struct http_page *page, struct slice header, bool with_text,
                       struct buffer *out);

#endif
