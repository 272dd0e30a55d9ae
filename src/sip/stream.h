/*
 * Messages out of a stream: RFC 3261 18.3. Bytes come in any portions; out come whole messages,
 * cut at what Content-Length says, with the CRLFs of keep-alives (RFC 5626 3.5.1) between them.
 */
#ifndef TCHIN_SIP_STREAM_H
#define TCHIN_SIP_STREAM_H

#include "base/slice.h"
#include "sip/scan.h"

enum sip_stream_news {
    SIP_STREAM_WANTS_MORE, /* no whole message yet */
    SIP_STREAM_MESSAGE,
    SIP_STREAM_PING,      /* CRLF CRLF: to be answered with CRLF */
    SIP_STREAM_TOO_LARGE, /* framing goes on as long as the head is whole, else it is lost */
    SIP_STREAM_LOST,      /* no Content-Length, not a number, or no memory: where the next message
                             begins is unknown, and there will be no more of them */
};

/*
 * One connection's reading side. It holds the beginning of a message whose end has not come yet,
 * `max_bytes` at most, and nothing otherwise; a message that came in one portion is not copied.
 */
struct sip_stream {
    size_t max_bytes;
    struct slice input; /* what was fed and is not yet taken */
    char *held;         /* the message from its beginning, if it began in an earlier input */
    size_t held_len;
    size_t held_size;
    bool is_handed_out;   /* what is held is lent to the caller until the next call */
    struct sip_scan scan; /* of the message that is being read */
    uint64_t to_skip;     /* bytes left of the body of a message that is too large */
    size_t ping_len;      /* so much of a CRLF CRLF has come */
    bool is_lost;         /* what still comes is thrown away */
};

void sip_stream_init(struct sip_stream *stream, size_t max_bytes);
void sip_stream_fini(struct sip_stream *stream);

/* Hands over what was read; call sip_stream_next until it wants more, before `input` goes. */
void sip_stream_feed(struct sip_stream *stream, struct slice input);

/*
 * The next piece of news. `out` is the message (or its head, for TOO_LARGE and LOST: to be
 * answered and the connection closed; the whole lines of it, if there are any, when it is the head
 * that is too large), valid until the next call of any sip_stream function.
 */
enum sip_stream_news sip_stream_next(struct sip_stream *stream, struct slice *out);

/* Whether the middle of a message is being waited for: such a wait has a time limit. */
bool sip_stream_is_inside(const struct sip_stream *stream);

#endif
