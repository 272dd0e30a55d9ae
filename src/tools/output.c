/* The table is printed at the end: only then are the widths of its columns known. */
#include "tools/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_CHUNK = 1 << 16 };

bool output_has_colour(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR"); /* no-color.org: if it is there and not empty */

    return isatty(fileno(stream)) && (no_colour == NULL || no_colour[0] == '\0');
}

json_t *output_json_text(struct slice text)
{
    json_t *string = json_stringn(text.len > 0 ? text.ptr : "", text.len);

    if (string != NULL)
        return string;
    char *copy = malloc(text.len + 1);
    for (size_t i = 0; copy != NULL && i < text.len; i++)
        copy[i] = (signed char)text.ptr[i] < 0 ? '?' : text.ptr[i];
    string = copy != NULL ? json_stringn(copy, text.len) : NULL;
    free(copy);
    return string;
}

void output_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(object);
}

bool table_init(struct table *table, const char *const *titles, size_t columns)
{
    *table = (struct table){
        .titles = titles, .columns = columns, .arena = arena_new(ARENA_CHUNK, SIZE_MAX)};
    return table->arena != NULL;
}

void table_fini(struct table *table)
{
    arena_free(table->arena);
    free(table->cells);
}

static bool make_room(struct table *table)
{
    size_t room = table->room > 0 ? 2 * table->room : 64;

    if (table->rows < table->room)
        return true;
    struct slice *cells = realloc(table->cells, room * table->columns * sizeof(*cells));
    if (cells == NULL)
        return false;
    table->cells = cells;
    table->room = room;
    return true;
}

bool table_add(struct table *table, const struct slice *cells)
{
    if (!make_room(table))
        return false;
    for (size_t i = 0; i < table->columns; i++) {
        if (!arena_copy(table->arena, cells[i], &table->cells[table->rows * table->columns + i]))
            return false;
    }
    table->rows++;
    return true;
}

static int compare_first_cells(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    size_t common = x->len < y->len ? x->len : y->len;
    int order = common > 0 ? memcmp(x->ptr, y->ptr, common) : 0;

    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void print_cell(struct slice cell, size_t width)
{
    for (size_t i = 0; i < cell.len; i++) {
        char c = cell.ptr[i];
        putchar(c >= ' ' && c < 127 ? c : '?');
    }
    for (size_t i = cell.len; i < width; i++)
        putchar(' ');
}

static void print_row(const struct table *table, const struct slice *cells, const size_t *widths)
{
    size_t last = table->columns - 1;

    while (last > 0 && cells[last].len == 0)
        last--; /* no blanks at the end of a line */
    for (size_t i = 0; i < last; i++)
        print_cell(cells[i], widths[i] + 2);
    print_cell(cells[last], 0);
    putchar('\n');
}

static void print_titles(const struct table *table, const struct slice *titles,
                         const size_t *widths)
{
    bool has_colour = output_has_colour(stdout);

    fputs(has_colour ? "\033[1m" : "", stdout);
    print_row(table, titles, widths);
    fputs(has_colour ? "\033[0m" : "", stdout);
}

void table_print(struct table *table)
{
    bool has_titles = isatty(STDOUT_FILENO);
    struct slice titles[TABLE_MAX_COLUMNS];
    size_t widths[TABLE_MAX_COLUMNS];

    if (table->rows == 0)
        return;
    for (size_t i = 0; i < table->columns; i++) {
        titles[i] = slice_of(table->titles[i]);
        widths[i] = has_titles ? titles[i].len : 0;
    }
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        if (table->cells[i].len > widths[i % table->columns])
            widths[i % table->columns] = table->cells[i].len;
    }
    qsort(table->cells, table->rows, table->columns * sizeof(*table->cells), compare_first_cells);
    if (has_titles)
        print_titles(table, titles, widths);
    for (size_t i = 0; i < table->rows; i++)
        print_row(table, &table->cells[i * table->columns], widths);
}
