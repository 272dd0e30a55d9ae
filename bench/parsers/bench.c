/*
 * Measures one parser: for every *.sip of a folder the median time of a message, copying it to
 * where it may be written into included.
 *
 *     p_NAME               times, for the folder $MESSAGES or else messages/ beside this file
 *     p_NAME show          the fields, so that parsers can be held against each other
 *     p_NAME repeat N FILE parses one file N times: for callgrind and perf
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "parser.h"

enum { MAX_MESSAGE = 65536, REPEATS = 20000, ROUNDS = 11 };

static char message[MAX_MESSAGE], copy[MAX_MESSAGE];
static size_t message_len;
static volatile uint64_t sum;

/* Touches every field, so that none can be left out. */
static void touch(const struct fields *fields)
{
    const struct text *texts = &fields->method;
    uint64_t all = (uint64_t)fields->cseq + fields->max_forwards + fields->content_length;

    for (size_t i = 0; i < offsetof(struct fields, cseq) / sizeof(*texts); i++) {
        size_t len = texts[i].len;
        all = all * 31 + len;
        if (len > 0)
            all += (unsigned char)texts[i].ptr[0] + (unsigned char)texts[i].ptr[len - 1];
    }
    sum = sum + all;
}

static void show(const struct fields *fields)
{
    const struct text *texts = &fields->method;

    for (size_t i = 0; i < offsetof(struct fields, cseq) / sizeof(*texts); i++)
        printf("%.*s|", (int)texts[i].len, texts[i].ptr);
    printf("%u|%u|%u\n", fields->cseq, fields->max_forwards, fields->content_length);
}

static bool load(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        perror(path);
        return false;
    }
    message_len = fread(message, 1, MAX_MESSAGE - 1, file);
    fclose(file);
    return message_len > 0;
}

static bool read_once(fields_user *use)
{
    memcpy(copy, message, message_len);
    copy[message_len] = '\0';
    return parser_read(copy, message_len, use);
}

static double nanoseconds_of_one(void)
{
    struct timespec start, end;

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < REPEATS; i++)
        (void)read_once(touch);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    return seconds * 1e9 / REPEATS;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(const char *path)
{
    const char *slash = strrchr(path, '/');
    double rounds[ROUNDS];

    (void)nanoseconds_of_one(); /* warms up */
    for (int i = 0; i < ROUNDS; i++)
        rounds[i] = nanoseconds_of_one();
    qsort(rounds, ROUNDS, sizeof(rounds[0]), by_size);
    printf("%-8s %-20s %5zu bytes %7.0f ns [%.0f-%.0f]\n", parser_name,
           slash != NULL ? slash + 1 : path, message_len, rounds[ROUNDS / 2], rounds[0],
           rounds[ROUNDS - 1]);
}

static int repeat(int times, const char *path)
{
    if (!load(path))
        return 1;
    for (int i = 0; i < times; i++) {
        if (!read_once(touch))
            return 1;
    }
    return 0;
}

static int walk_folder(const char *folder, bool wants_show)
{
    char pattern[4096];
    glob_t found;
    int failures = 0;

    snprintf(pattern, sizeof(pattern), "%s/*.sip", folder);
    if (glob(pattern, 0, NULL, &found) != 0) {
        fprintf(stderr, "%s: no messages\n", pattern);
        return 1;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!load(found.gl_pathv[i]) || !read_once(wants_show ? show : touch)) {
            fprintf(stderr, "%s: %s was not understood\n", parser_name, found.gl_pathv[i]);
            failures++;
        } else if (!wants_show) {
            measure(found.gl_pathv[i]);
        }
    }
    globfree(&found);
    return failures > 0;
}

int main(int argc, char **argv)
{
    const char *folder = getenv("MESSAGES");

    parser_start();
    if (argc == 4 && strcmp(argv[1], "repeat") == 0)
        return repeat(atoi(argv[2]), argv[3]);
    return walk_folder(folder != NULL ? folder : MESSAGES_DIR,
                       argc == 2 && strcmp(argv[1], "show") == 0);
}
