/*
 * Data for people and for programs: a table whose columns are aligned, or a JSON object a line.
 * What came from the network is shown without what would steer a terminal.
 */
#ifndef TCHIN_TOOLS_OUTPUT_H
#define TCHIN_TOOLS_OUTPUT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/slice.h"

/* Whether colour may be used on that stream: a terminal, and no NO_COLOR. */
bool output_has_colour(FILE *stream);

/* Text that need not be UTF-8, as JSON, which must be. NULL: no memory. */
json_t *output_json_text(struct slice text);

/* Prints the object, which it takes over. */
void output_json(json_t *object);

enum { TABLE_MAX_COLUMNS = 8 };

struct table {
    const char *const *titles;
    size_t columns;
    struct arena *arena;
    struct slice *cells; /* columns of the first row, of the second ... */
    size_t rows;
    size_t room; /* for rows */
};

/* False: no memory. */
bool table_init(struct table *table, const char *const *titles, size_t columns) MUST_USE;
void table_fini(struct table *table);

/* Copies the cells. False: no memory. */
bool table_add(struct table *table, const struct slice *cells) MUST_USE;

/* In the order of the first column; titles only where people look. */
void table_print(struct table *table);

#endif
