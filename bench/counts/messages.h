/* The three messages whose parsing is counted, as phones and proxies write them. */
#ifndef TCHIN_COUNTS_MESSAGES_H
#define TCHIN_COUNTS_MESSAGES_H

extern const char message_long_invite[];  /* 1450 bytes, by five Vias */
extern const char message_short_invite[]; /* 343 bytes */
extern const char message_register[];     /* 608 bytes, with credentials */

#endif
