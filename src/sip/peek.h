/* What can be told of a message before it is parsed: whose it is. */
#ifndef TCHIN_SIP_PEEK_H
#define TCHIN_SIP_PEEK_H

#include "base/slice.h"

/*
 * The Call-ID of a message, as sip_message_check would find it if the message is sound. False says
 * nothing: there is none, or it is written in a way that takes a parser.
 */
bool sip_peek_call_id(struct slice bytes, struct slice *out) MUST_USE;

#endif
