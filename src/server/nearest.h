/* The known word that somebody may have meant who wrote an unknown one. */
#ifndef TCHIN_SERVER_NEAREST_H
#define TCHIN_SERVER_NEAREST_H

#include "base/slice.h"

/* Fewest letters to insert, to remove, or to change. Words longer than 63 bytes are cut there. */
size_t edit_distance(struct slice a, struct slice b);

/* The nearest of `words`, the first of several. `count` is not 0. */
const char *nearest_word(struct slice wrong, const char *const *words, size_t count);

#endif
