/*
 * Where the settings come from: flags win over tchin.conf, which wins over the defaults. Every key
 * of the file has one row in keys.c.
 */
#ifndef TCHIN_SERVER_CONFIG_H
#define TCHIN_SERVER_CONFIG_H

#include <stdio.h>

#include "server/settings.h"

/*
 * Reads tchin.conf at `path` into `settings`. False: `fault` has one sentence with file, line, what
 * is wrong there and what to write instead; `settings` are not to be used.
 */
bool config_read(const char *path, struct settings *settings, struct buffer *fault);

/* Writes every value in force, in the form of the file. */
void config_print(const struct settings *settings, FILE *out);

#endif
