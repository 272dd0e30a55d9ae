/* The time of the harness's world: what all clocks show, in milliseconds. */
#ifndef TCHIN_COUNTS_VIRTUAL_H
#define TCHIN_COUNTS_VIRTUAL_H

#include <stdint.h>

extern uint64_t virtual_now_ms;

#endif
