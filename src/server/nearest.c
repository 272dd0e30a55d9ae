/* Levenshtein's distance, a row at a time. */
#include "server/nearest.h"

enum { MAX_WORD = 63 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

size_t edit_distance(struct slice a, struct slice b)
{
    size_t row[MAX_WORD + 1]; /* from the beginning of `a` to every beginning of `b` */

    a.len = a.len < MAX_WORD ? a.len : MAX_WORD;
    b.len = b.len < MAX_WORD ? b.len : MAX_WORD;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t changed = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, changed);
        }
    }
    return row[b.len];
}

const char *nearest_word(struct slice wrong, const char *const *words, size_t count)
{
    const char *best = words[0];

    for (size_t i = 1; i < count; i++) {
        if (edit_distance(wrong, slice_of(words[i])) < edit_distance(wrong, slice_of(best)))
            best = words[i];
    }
    return best;
}
