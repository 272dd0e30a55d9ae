/*
 * Answers OPTIONS over UDP, statelessly (RFC 3261 8.2.7, 11.2), on a plain socket of its own. An
 * answer goes to where its request came from, as if all asked for rport (RFC 3581):
 *
 *     cc options-responder.c $(pkg-config --cflags --libs tchin) && ./a.out 127.0.0.1 5060
 */
#include <base/hash.h>
#include <sip/build.h>

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>

/* The tag of a stateless server is the same for the same request, and nobody can guess it. */
static uint64_t tag_of(const struct hash_key *key, const struct sip_message *request)
{
    const struct slice parts[] = {
        sip_message_value(request, SIP_VIA),
        sip_message_value(request, SIP_CALL_ID),
        sip_message_value(request, SIP_CSEQ),
    };

    return hash_slices(key, parts, sizeof(parts) / sizeof(parts[0]));
}

/* `fault` is NULL for a request that is well formed, `via` its topmost Via as stamped by us. */
static void write_answer(const struct hash_key *key, const struct sip_message *request,
                         const struct sip_fault *fault, struct slice via, struct buffer *out)
{
    struct sip_reply reply = {.status = 200, .top_via = via};
    uint64_t tag = tag_of(key, request);
    char tag_text[2 * sizeof(tag)];
    struct buffer tag_hex = buffer_over(tag_text, sizeof(tag_text));

    if (fault != NULL) {
        reply.status = fault->status;
        reply.reason = slice_of(fault->phrase);
    } else if (request->method_id != SIP_OPTIONS)
        reply.status = 405;
    buffer_add_hex(&tag_hex, &tag, sizeof(tag));
    reply.to_tag = buffer_slice(&tag_hex);
    sip_build_reply(out, request, &reply);
    sip_build_header(out, SLICE("Allow"), SLICE("OPTIONS"));
    sip_build_header(out, SLICE("Accept"), SLICE("application/sdp"));
    sip_build_end(out);
}

/* The answer to one datagram; it stays empty where there is to be none (8.2.7: ACK, CANCEL). */
static void answer(const struct hash_key *key, struct slice datagram, const char *host,
                   const char *port, struct buffer *out)
{
    char via_text[4096];
    struct buffer via = buffer_over(via_text, sizeof(via_text));
    struct sip_message msg;
    struct sip_fault fault;
    struct slice top;

    bool is_sound = sip_message_parse(datagram, &msg, &fault) && sip_message_check(&msg, &fault);
    if (!msg.is_request || msg.method_id == SIP_ACK || msg.method_id == SIP_CANCEL)
        return;
    struct sip_values vias = sip_values_of(&msg, SIP_VIA);
    if (is_sound && sip_values_next(&vias, &top))
        sip_via_stamp(&msg.basics.via, top, slice_of(host), (uint16_t)atoi(port), &via);
    if (!via.overflowed && (is_sound || sip_message_is_answerable(&msg)))
        write_answer(key, &msg, is_sound ? NULL : &fault, buffer_slice(&via), out);
}

int main(int argc, char **argv)
{
    static char in[65536], out_text[65536];
    char host[NI_MAXHOST], port[NI_MAXSERV];
    struct addrinfo *own;
    struct hash_key key;
    int fd;

    if (argc != 3 || getaddrinfo(argv[1], argv[2], NULL, &own) != 0
        || (fd = socket(own->ai_family, SOCK_DGRAM, 0)) < 0
        || bind(fd, own->ai_addr, own->ai_addrlen) != 0
        || getrandom(&key, sizeof(key), 0) != sizeof(key)) {
        fprintf(stderr, "usage: %s ADDRESS PORT\n", argv[0]);
        return 2;
    }
    for (;;) {
        struct sockaddr_storage from;
        socklen_t from_len = sizeof(from);
        struct buffer out = buffer_over(out_text, sizeof(out_text));
        ssize_t len = recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&from, &from_len);

        if (len < 0)
            continue;
        getnameinfo((struct sockaddr *)&from, from_len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV);
        answer(&key, (struct slice){in, (size_t)len}, host, port, &out);
        if (out.len > 0 && !out.overflowed)
            sendto(fd, out_text, out.len, 0, (struct sockaddr *)&from, from_len);
    }
}
