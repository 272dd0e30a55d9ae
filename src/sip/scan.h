/*
 * Reading the head of a message (start line and header fields) as it arrives, for its end and its
 * Content-Length alone. Every byte is looked at once, however small the portions.
 */
#ifndef TCHIN_SIP_SCAN_H
#define TCHIN_SIP_SCAN_H

#include "base/slice.h"

enum sip_scan_length {
    SIP_LENGTH_ABSENT,
    SIP_LENGTH_KNOWN,
    SIP_LENGTH_BAD, /* not a number, or two that differ */
};

/* All zero before the first byte. */
struct sip_scan {
    size_t searched; /* no line ends between `line` and here, but for folds */
    size_t line;     /* where the line being read begins: all before it are complete */
    size_t head_len; /* the empty line included; 0: its end has not come yet */
    enum sip_scan_length length;
    uint64_t body_len; /* when the length is known */
};

/* `bytes` is the message from its first byte to the last that came. True: the head is complete. */
bool sip_scan_head(struct sip_scan *scan, struct slice bytes);

#endif
