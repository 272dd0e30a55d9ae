/* The first line of a message: Request-Line or Status-Line, RFC 3261 7.1 and 7.2. */
#ifndef TCHIN_SIP_START_LINE_H
#define TCHIN_SIP_START_LINE_H

#include "sip/message.h"

/* Fills what `msg` has of it. False: `fault` says why, and what precedes the fault has been read.
 */
bool sip_start_line_parse(struct slice line, struct sip_message *msg, struct sip_fault *fault);

#endif
