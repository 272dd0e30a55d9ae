/* A TCP connection under load: what is sent in a turn leaves in one piece. */
#ifndef TCHIN_TOOLS_LOAD_STREAM_H
#define TCHIN_TOOLS_LOAD_STREAM_H

#include "sip/stream.h"
#include "tools/load_wire.h"

struct load_stream {
    int fd; /* -1: it is closed */
    char *out;
    size_t out_len;
    size_t out_room;
    struct sip_stream in;
};

/* Takes `fd`. */
void load_stream_init(struct load_stream *stream, int fd);
void load_stream_fini(struct load_stream *stream);

/* Connected to `server`. A descriptor; negative: `fault` says why. */
int load_stream_connect(const struct net_addr *server, struct buffer *fault) MUST_USE;

/* False: it is full, or closed. */
bool load_stream_add(struct load_stream *stream, struct slice bytes) MUST_USE;

/* False: the connection is broken. */
bool load_stream_flush(struct load_stream *stream) MUST_USE;

/* Reads into `memory` and feeds the stream. 0: nothing is there; negative: it has ended. */
int load_stream_receive(struct load_stream *stream, char *memory, size_t room);

#endif
