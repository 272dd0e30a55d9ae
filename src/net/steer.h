/*
 * Which of the sockets that share an address gets a datagram. Without a word of ours the system
 * deals the senders out among them; here a datagram itself may name its socket.
 */
#ifndef TCHIN_NET_STEER_H
#define TCHIN_NET_STEER_H

#include "base/slice.h"

enum { STEER_START_BYTES = 4, STEER_MARK_BYTES = 7 };

/*
 * For all sockets that share the address of `fd`, which is bound. A datagram that begins with
 * `start` and has `mark` early in it goes to the socket whose number stands behind the mark, in two
 * digits: sockets are counted from 0 in the order in which they were bound. Whatever is too short,
 * has no mark where it is looked for, or names no socket, is dealt out as before; and so is
 * everything where the system knows no such thing.
 */
void net_steer(int fd, struct slice start, struct slice mark);

#endif
