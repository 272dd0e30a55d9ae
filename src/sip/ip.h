/* An IP address as a value, for those who touch no socket. */
#ifndef TCHIN_SIP_IP_H
#define TCHIN_SIP_IP_H

#include "base/buffer.h"
#include "base/slice.h"

struct sip_ip {
    uint8_t family;    /* 4, 6 */
    uint8_t bytes[16]; /* IPv4 in the first four; unused bytes are 0, so that memcmp compares */
};

/*
 * From the 4 bytes of an A record or the 16 of an AAAA record. An IPv4-mapped address is the IPv4
 * address it holds. False: another length.
 */
bool sip_ip_from_bytes(struct slice bytes, struct sip_ip *out) MUST_USE;

/* A literal, IPv6 without brackets, with the third colon of RFC 5118 4.10 or without. */
bool sip_ip_parse(struct slice text, struct sip_ip *out) MUST_USE;

void sip_ip_write(const struct sip_ip *ip, struct buffer *out); /* without brackets */
bool sip_ip_equal(const struct sip_ip *a, const struct sip_ip *b);

/* Neither the unspecified address nor a group or broadcast: one host, that can be sent to. */
bool sip_ip_is_one_host(const struct sip_ip *ip);

#endif
