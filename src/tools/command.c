/* Finding commands in tables, and reading flags with getopt_long. */
#include "tools/command.h"

#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

enum { MAX_FLAGS = 32 };

int command_run(const struct command *commands, size_t count, const char *help, int argc,
                char **argv)
{
    if (argc < 2)
        return refuse_use(help, "a command is missing");
    if (strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return DONE;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    return refuse_use(help, "there is no command \"%s\"", argv[1]);
}

static enum flags_outcome refuse_flag(const char *help, const char *word, bool lacks_value)
{
    if (lacks_value)
        refuse_use(help, "%s wants a value", word);
    else
        refuse_use(help, "%s is no flag of this command, or not like that", word);
    return FLAGS_WRONG;
}

static enum flags_outcome check_words(int argc, char **argv, int min_words, int max_words,
                                      const char *help)
{
    int count = argc - optind;

    if (count < min_words) {
        refuse_use(help, "something is missing");
        return FLAGS_WRONG;
    }
    if (count > max_words) {
        refuse_use(help, "\"%s\" is too much", argv[optind + max_words]);
        return FLAGS_WRONG;
    }
    for (int i = 1; i < argc; i++)
        argv[i] = i <= count ? argv[optind + i - 1] : NULL;
    return FLAGS_READ;
}

enum flags_outcome flags_read(int argc, char **argv, const struct flag *flags, size_t count,
                              int min_words, int max_words, const char *help)
{
    struct option options[MAX_FLAGS + 2] = {
        {NULL, 0, NULL, 0}
    };
    int says;

    for (size_t i = 0; i < count; i++)
        options[i] = (struct option){flags[i].name, flags[i].value != NULL, NULL, (int)i};
    options[count] = (struct option){"help", no_argument, NULL, MAX_FLAGS};
    opterr = 0;
    optind = 0;
    while ((says = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (says == '?' || says == ':')
            return refuse_flag(help, argv[optind - 1], says == ':');
        if (says == MAX_FLAGS) {
            fputs(help, stdout);
            return FLAGS_HELPED;
        }
        if (flags[says].value != NULL)
            *flags[says].value = optarg;
        else
            *flags[says].given = true;
    }
    return check_words(argc, argv, min_words, max_words, help);
}

int flags_exit_code(enum flags_outcome outcome)
{
    return outcome == FLAGS_WRONG ? USED_WRONGLY : DONE;
}

int refuse_use(const char *help, const char *format, ...)
{
    static const char start[] = "Usage: ";
    const char *usage = help + sizeof(start) - 1;
    va_list args;

    fputs("tchin: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; write: %.*s\n", (int)strcspn(usage, "\n"), usage);
    return USED_WRONGLY;
}

int fail(const struct buffer *fault)
{
    struct slice reason = fault->len > 0 ? buffer_slice(fault) : slice_of(err_text(ERR_MEMORY));

    fprintf(stderr, "tchin: %.*s\n", SLICE_ARGS(reason));
    return FAILED;
}

int refuse(const struct buffer *fault)
{
    (void)fail(fault);
    return USED_WRONGLY;
}

bool read_decimal(const char *flag, const char *text, double min, double max, const char *help,
                  double *out)
{
    char *end;
    double value = strtod(text, &end);

    if (end != text && *end == '\0' && isfinite(value) && value >= min && value <= max) {
        *out = value;
        return true;
    }
    refuse_use(help, "--%s is a number from %g to %g, not \"%s\"", flag, min, max, text);
    return false;
}
