/* The few macros that all of the tree may use. */
#ifndef TCHIN_BASE_MACROS_H
#define TCHIN_BASE_MACROS_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(array)      (sizeof(array) / sizeof((array)[0]))
#define MUST_USE              __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, any) __attribute__((format(printf, fmt, any)))

/*
 * Has what is at `address` fetched while other work is done. The empty statement is for gcc 12,
 * which takes a function that only fetches to do nothing, and leaves its calls out.
 */
#define PREFETCH(address)                                                                          \
    do {                                                                                           \
        __builtin_prefetch(address);                                                               \
        __asm__ volatile("");                                                                      \
    } while (0)

/* The same of so many bytes, which come by lines of 64. */
static inline void prefetch_bytes(const void *address, size_t count)
{
    for (size_t at = 0; at < count; at += 64)
        PREFETCH((const char *)address + at);
}

/* The first address from `memory` on that is a multiple of `bytes`, a power of two. */
static inline void *align_up(void *memory, size_t bytes)
{
    return (char *)memory + (-(uintptr_t)memory & (bytes - 1));
}

/* The object of `type` in which `node` is the member called `member`. */
#define CONTAINER_OF(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

#endif
