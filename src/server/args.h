/* The command line of tchind, as the manual page describes it. */
#ifndef TCHIN_SERVER_ARGS_H
#define TCHIN_SERVER_ARGS_H

#include "server/settings.h"

enum args_command {
    ARGS_SERVE,
    ARGS_CHECK,
    ARGS_DNS,
    ARGS_DONE /* --help, --version: printed */,
    ARGS_WRONG
};

struct args {
    enum args_command command;
    const char *config_path;  /* NULL: none given */
    bool prints;              /* check --print */
    bool wants_json;          /* dns --json */
    const char *host;         /* dns --host; NULL: none given */
    struct settings settings; /* of the file, overruled by the flags */
};

/* Reads flags and configuration file. ARGS_WRONG: what is wrong has been said on standard error. */
void args_read(int argc, char **argv, struct args *out);

/* The same again, for SIGHUP: false, and `fault` says why the settings in force stay. */
bool args_reread(int argc, char **argv, struct settings *out, struct buffer *fault);

#endif
