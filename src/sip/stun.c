/*
 * RFC 8489 5 (the header), 14 (attributes), 6.3.1 (what a server does). Requests of RFC 3489, which
 * have no magic cookie, are left alone: RFC 5626 8. Credentials are not asked for, so those that
 * come need not be right.
 */
#include "sip/stun.h"

enum {
    HEADER_BYTES = 20,
    ID_BYTES = 16, /* the magic cookie and the transaction ID, which an answer repeats */
    MAX_UNKNOWN = 8,

    BINDING_REQUEST = 0x0001,
    BINDING_SUCCESS = 0x0101,
    BINDING_ERROR = 0x0111,

    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    ERROR_CODE = 0x0009,
    UNKNOWN_ATTRIBUTES = 0x000a,
    REALM = 0x0014,
    NONCE = 0x0015,
    MESSAGE_INTEGRITY_SHA256 = 0x001c,
    PASSWORD_ALGORITHM = 0x001d,
    USERHASH = 0x001e,
    XOR_MAPPED_ADDRESS = 0x0020,
    FIRST_OPTIONAL = 0x8000,
    FINGERPRINT = 0x8028,
};

#define MAGIC_COOKIE     0x2112a442U
#define FINGERPRINT_MASK 0x5354554eU
#define CRC_POLYNOMIAL   0xedb88320U /* of ITU V.42, its bits reversed */

struct stun_request {
    struct slice id;
    uint16_t unknown[MAX_UNKNOWN];
    size_t unknown_count;
    bool has_fingerprint;
};

static uint32_t number_at(const char *at, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

static void add_number(struct buffer *out, uint32_t value, unsigned bytes)
{
    while (bytes-- > 0)
        buffer_add_char(out, (char)(value >> 8 * bytes));
}

static uint32_t crc32_of(struct slice bytes)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (CRC_POLYNOMIAL & (0U - (crc & 1)));
    }
    return ~crc;
}

/* --- the request ------------------------------------------------------------------------------ */

static bool is_understood(uint32_t type)
{
    switch (type) {
    case USERNAME:
    case MESSAGE_INTEGRITY:
    case REALM:
    case NONCE:
    case MESSAGE_INTEGRITY_SHA256:
    case PASSWORD_ALGORITHM:
    case USERHASH: return true;
    default: return type >= FIRST_OPTIONAL;
    }
}

static void note_unknown(struct stun_request *request, uint32_t type)
{
    if (!is_understood(type) && request->unknown_count < MAX_UNKNOWN)
        request->unknown[request->unknown_count++] = (uint16_t)type;
}

/* 14.7: the last one, and over all that precedes it. */
static bool is_fingerprint_right(struct slice message, const char *at)
{
    uint32_t crc = crc32_of(slice_between(message.ptr, at)) ^ FINGERPRINT_MASK;

    return slice_end(message) - at == 8 && number_at(at + 2, 2) == 4 && number_at(at + 4, 4) == crc;
}

/* Attributes are padded to four bytes: 14. */
static bool read_attributes(struct slice message, struct stun_request *out)
{
    struct slice rest = slice_after(message, HEADER_BYTES);

    while (rest.len >= 4) {
        uint32_t type = number_at(rest.ptr, 2);
        size_t len = 4 + ((number_at(rest.ptr + 2, 2) + 3) & ~3U);
        if (len > rest.len)
            return false;
        if (type == FINGERPRINT) {
            out->has_fingerprint = true;
            return is_fingerprint_right(message, rest.ptr);
        }
        note_unknown(out, type);
        rest = slice_after(rest, len);
    }
    return rest.len == 0;
}

static bool read_request(struct slice message, struct stun_request *out)
{
    *out = (struct stun_request){0};
    if (message.len < HEADER_BYTES || number_at(message.ptr, 2) != BINDING_REQUEST
        || number_at(message.ptr + 2, 2) != message.len - HEADER_BYTES
        || number_at(message.ptr + 4, 4) != MAGIC_COOKIE)
        return false;
    out->id = (struct slice){message.ptr + 4, ID_BYTES};
    return read_attributes(message, out);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* 14.2: port and address are XORed with the magic cookie, IPv6 with the transaction ID too. */
static void add_mapped_address(const struct stun_source *source, struct slice id,
                               struct buffer *out)
{
    unsigned ip_bytes = source->is_ipv6 ? 16 : 4;

    add_number(out, XOR_MAPPED_ADDRESS, 2);
    add_number(out, 4 + ip_bytes, 2);
    add_number(out, source->is_ipv6 ? 2 : 1, 2);
    add_number(out, source->port ^ MAGIC_COOKIE >> 16, 2);
    for (unsigned i = 0; i < ip_bytes; i++)
        buffer_add_char(out, (char)(source->ip[i] ^ (unsigned char)id.ptr[i]));
}

/* 14.8, 14.13: 420 Unknown Attribute */
static void add_error(const struct stun_request *request, struct buffer *out)
{
    struct slice phrase = SLICE("Unknown Attribute");

    add_number(out, ERROR_CODE, 2);
    add_number(out, 4 + (uint32_t)phrase.len, 2);
    add_number(out, 4 << 8 | 20, 4);
    buffer_add(out, phrase);
    add_number(out, 0, -(unsigned)phrase.len & 3);
    add_number(out, UNKNOWN_ATTRIBUTES, 2);
    add_number(out, 2 * (uint32_t)request->unknown_count, 2);
    for (size_t i = 0; i < request->unknown_count; i++)
        add_number(out, request->unknown[i], 2);
    add_number(out, 0, 2 * (request->unknown_count & 1));
}

static void set_length(struct buffer *out, size_t start, size_t len)
{
    struct buffer field = buffer_over(out->ptr + start + 2, 2);

    add_number(&field, (uint32_t)len, 2);
}

/* The length that it covers has it included. */
static void add_fingerprint(struct buffer *out, size_t start)
{
    size_t len = out->len - start - HEADER_BYTES;

    set_length(out, start, len + 8);
    uint32_t crc = crc32_of(slice_after(buffer_slice(out), start));
    add_number(out, FINGERPRINT, 2);
    add_number(out, 4, 2);
    add_number(out, crc ^ FINGERPRINT_MASK, 4);
}

bool stun_answer(struct slice message, const struct stun_source *source, struct buffer *out)
{
    struct stun_request request;
    size_t start = out->len;

    if (out->max - start < STUN_MAX_ANSWER || !read_request(message, &request))
        return false;
    bool is_success = request.unknown_count == 0;
    add_number(out, is_success ? BINDING_SUCCESS : BINDING_ERROR, 2);
    add_number(out, 0, 2);
    buffer_add(out, request.id);
    if (is_success)
        add_mapped_address(source, request.id, out);
    else
        add_error(&request, out);
    set_length(out, start, out->len - start - HEADER_BYTES);
    if (request.has_fingerprint)
        add_fingerprint(out, start);
    return true;
}
