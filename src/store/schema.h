/* The tables of the database, and how those of an older version become those of today. */
#ifndef TCHIN_STORE_SCHEMA_H
#define TCHIN_STORE_SCHEMA_H

#include <sqlite3.h>

#include "base/buffer.h"

/*
 * Looks whether the database is empty or ours, and only then touches it. False: `fault` has what
 * is wrong, to stand after "cannot open PATH: ".
 */
bool schema_bring_up_to_date(sqlite3 *sqlite, struct buffer *fault) MUST_USE;

#endif
