/* What the heap holds for each thing that waits. */
#ifndef TCHIN_COUNTS_MEMORY_H
#define TCHIN_COUNTS_MEMORY_H

/* Prints "NAME BYTES" lines. */
void memory_print(void);

#endif
