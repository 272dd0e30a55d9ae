/*
 * Which of 16 bytes are `byte`: bit 0 is the first. The meaning of match16 for machines of every
 * kind, and what the faster ones are tested against.
 */
#ifndef TCHIN_SIP_MATCH_PORTABLE_H
#define TCHIN_SIP_MATCH_PORTABLE_H

#include <stdint.h>

static inline uint32_t match16_portable(const char *at, char byte)
{
    uint32_t found = 0;

    for (unsigned i = 0; i < 16; i++)
        found |= (uint32_t)(at[i] == byte) << i;
    return found;
}

#endif
