/*
 * Header values that are more than a token and less than a file of their own: CSeq, RAck,
 * Retry-After, Timestamp, Warning, Date, media types, and values of the form word;params. One
 * parser serves all header fields of one grammar. RFC 3261 25.1 unless said otherwise.
 */
#ifndef TCHIN_SIP_VALUES_H
#define TCHIN_SIP_VALUES_H

#include "base/slice.h"

/* CSeq = 1*DIGIT LWS Method; below 2**31 (8.1.1.5) */
struct sip_cseq {
    uint32_t number;
    struct slice method;
};
bool sip_cseq_parse(struct slice value, struct sip_cseq *out) MUST_USE;

/* RAck = response-num LWS CSeq-num LWS Method (RFC 3262 7.2) */
struct sip_rack {
    uint32_t response_number;
    struct sip_cseq cseq;
};
bool sip_rack_parse(struct slice value, struct sip_rack *out) MUST_USE;

/* callid = word [ "@" word ] */
bool sip_call_id_is_valid(struct slice value);

/* delta-seconds: Expires, Min-Expires, RSeq ... too large a number is not one */
bool sip_seconds_parse(struct slice value, uint32_t *out) MUST_USE;

/* token *( SEMI generic-param ): Event, Subscription-State, Content-Disposition, Reason, Privacy
 * alternatives, Accept-Encoding, Accept-Language. Call-ID instead of a token: Replaces.
 * delta-seconds: Session-Expires, Min-SE, Retry-After (which also has a comment). */
struct sip_word_params {
    struct slice word;
    struct slice params;
};
bool sip_token_params_parse(struct slice value, struct sip_word_params *out) MUST_USE;
bool sip_replaces_parse(struct slice value, struct sip_word_params *out) MUST_USE;
bool sip_seconds_params_parse(struct slice value, struct sip_word_params *out) MUST_USE;

/* media-type or media-range, with parameters: Content-Type, Accept */
struct sip_media_type {
    struct slice type;
    struct slice subtype;
    struct slice params;
};
bool sip_media_type_parse(struct slice value, struct sip_media_type *out) MUST_USE;

/* LAQUOT absoluteURI RAQUOT *( SEMI generic-param ): Alert-Info, Call-Info, Error-Info */
struct sip_info {
    struct slice uri;
    struct slice params;
};
bool sip_info_parse(struct slice value, struct sip_info *out) MUST_USE;

/* warning-value = warn-code SP warn-agent SP warn-text */
struct sip_warning {
    uint16_t code;
    struct slice agent;
    struct slice text; /* between the quotes */
};
bool sip_warning_parse(struct slice value, struct sip_warning *out) MUST_USE;

/* SIP-date (RFC 1123, always GMT), as seconds since 1970 */
bool sip_date_parse(struct slice value, int64_t *out) MUST_USE;

/* Timestamp = *DIGIT [ "." *DIGIT ] [ LWS delay ], in milliseconds */
struct sip_timestamp {
    uint64_t sent_ms;
    uint64_t delay_ms;
};
bool sip_timestamp_parse(struct slice value, struct sip_timestamp *out) MUST_USE;

/* The text of a quoted-string without its quotes, escapes resolved once. */
struct buffer;
void sip_unquote(struct slice between_quotes, struct buffer *out);

#endif
