/* An answer: RFC 9112 4 and 6. */
#include "net/http.h"

static const char *phrase_of(unsigned status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 426: return "Upgrade Required";
    case 503: return "Service Unavailable";
    default: return "Error";
    }
}

void http_write_answer(const struct http_page *page, struct slice header, bool with_text,
                       struct buffer *out)
{
    buffer_printf(out,
                  "HTTP/1.1 %u %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n",
                  page->status, phrase_of(page->status), page->text.len);
    buffer_add(out, header);
    buffer_add(out, SLICE("\r\n"));
    if (with_text)
        buffer_add(out, page->text);
}
