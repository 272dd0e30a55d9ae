/*
 * Messages of real phones and servers, and those printed in RFCs, as the corpora have them
 * (TCHIN_CORPORA): all parse, and pass the check but for the few that are broken on purpose or in
 * print.
 */
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "sip/message.h"

enum { MAX_PATH = 1024, MAX_FILE = 1 << 20 };

/* What is known to be broken: where, and what we say of it. */
struct broken {
    const char *file;
    const char *phrase;
};

/* Test inputs of another project among the captures. */
static const struct broken broken_realworld[] = {
    {"Cisco-SIP-IP-Phone-2.INVITE.3002d597.sip",  "Malformed To"   }, /* Call-ID folded into it */
    {"Cisco-SIP-IP-Phone-2.INVITE.ed75059e.sip",  "Missing Call-ID"}, /* "Call-ID;" */
    {"UbiquityUserAgent-4.REGISTER.c38340e6.sip", "Malformed To"   }, /* no scheme */
    {"Pingtel-2-0-0-WinNT.REGISTER.122281ba.sip", "Malformed To"   }, /* ";tag=" */
    {"Windows-RTC-1-0.MESSAGE.ab96c3e8.sip",      "Missing To"     },
    {"testing-lookups.INVITE.ef118e97.sip",       "Missing To"     },
};

/* Slips of the pen in RFCs. */
static const struct broken broken_callflows[] = {
    {"rfc3327/009-s5.5.2-INVITE.sip",   "Malformed Contact"}, /* " . . ." */
    {"rfc3428/004-s0-200.sip",          "Malformed From"   }, /* ";;tag" */
    {"rfc3608/001-s6.4.1-REGISTER.sip", "Malformed Contact"},
    {"rfc3608/002-s6.4.1-REGISTER.sip", "Malformed Contact"},
    {"rfc3608/003-s6.4.1-REGISTER.sip", "Malformed Contact"},
    {"rfc3666/032-s2.3-ACK.sip",        "Malformed To"     }, /* ">;user=phone>" */
    {"rfc5626/001-s3.2-REGISTER.sip",   "Malformed Contact"}, /* "; ;" */
    {"rfc5626/002-s9.1-NOTIFY.sip",     "Malformed To"     }, /* no scheme */
    {"rfc7118/003-s8.2-INVITE.sip",     "Malformed Contact"}, /* a fold within a URI */
    {"rfc7118/005-s8.2-INVITE.sip",     "Malformed Contact"},
};

static const char *find_broken(const struct broken *broken, size_t count, const char *file)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(broken[i].file, file) == 0)
            return broken[i].phrase;
    }
    return NULL;
}

static void corpus_path(char *path, const char *folder, const char *file)
{
    const char *corpora = getenv("TCHIN_CORPORA");

    if (corpora != NULL)
        (void)snprintf(path, MAX_PATH, "%s/%s/%s", corpora, folder, file);
    else
        (void)snprintf(path, MAX_PATH, "%s/../../shared/corpora/%s/%s", TESTS_DIR, folder, file);
}

/* False: there is no such file. */
static bool read_file(const char *path, char *memory, struct slice *out)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return false;
    *out = (struct slice){memory, fread(memory, 1, MAX_FILE, file)};
    fclose(file);
    return true;
}

static void check_message(const char *path, const char *label, const char *expected_phrase,
                          char *memory)
{
    static struct sip_message msg;
    struct sip_fault fault = {0, ""};
    struct slice bytes;

    CHECK_CASE(read_file(path, memory, &bytes), label);
    CHECK_CASE(sip_message_parse(bytes, &msg, &fault), label);
    bool is_sound = sip_message_check(&msg, &fault);
    if (!is_sound && expected_phrase == NULL)
        print_error("%s: %s\n", label, fault.phrase);
    CHECK_CASE(is_sound == (expected_phrase == NULL), label);
    if (!is_sound)
        CHECK_CASE(strcmp(fault.phrase, expected_phrase) == 0, label);
}

static char *new_memory(void)
{
    char *memory = malloc(MAX_FILE);

    CHECK_MADE(memory);
    check_later(free, memory);
    return memory;
}

static void close_folder(void *folder)
{
    (void)closedir(folder);
}

static void messages_of_real_phones_are_sound(void **state)
{
    char path[MAX_PATH];
    char *memory = new_memory();
    size_t count = 0;

    (void)state;
    corpus_path(path, "realworld", "messages");
    DIR *folder = opendir(path);
    if (folder == NULL) {
        print_message("skipped: there is no %s (see TCHIN_CORPORA)\n", path);
        skip();
    }
    check_later(close_folder, folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        corpus_path(path, "realworld/messages", entry->d_name);
        check_message(path, entry->d_name,
                      find_broken(broken_realworld, ARRAY_LEN(broken_realworld), entry->d_name),
                      memory);
        count++;
    }
    assert_int_equal(count, 204);
}

/* The string that follows `key` in `json`, which is moved behind it. False: there is none. */
static bool next_string(struct slice *json, const char *key, struct slice *out)
{
    const char *at = memmem(json->ptr, json->len, key, strlen(key));

    if (at == NULL)
        return false;
    *json = slice_between(at + strlen(key), slice_end(*json));
    *out = (struct slice){json->ptr, slice_find(*json, '"')};
    return true;
}

/* {"file": "001-s2.1-REGISTER.sip", ... "usable_as_is": true}, ... */
static size_t check_call_flow(const char *folder, struct slice index, char *memory)
{
    struct slice file, usable;
    size_t count = 0;

    while (next_string(&index, "\"file\": \"", &file)
           && next_string(&index, "\"usable_as_is\": ", &usable)) {
        char label[MAX_PATH], path[MAX_PATH];
        if (!slice_starts_with(usable, SLICE("true")))
            continue;
        (void)snprintf(label, sizeof(label), "%s/%.*s", folder, SLICE_ARGS(file));
        corpus_path(path, "callflows", label);
        check_message(path, label,
                      find_broken(broken_callflows, ARRAY_LEN(broken_callflows), label), memory);
        count++;
    }
    return count;
}

static void call_flows_printed_in_rfcs_are_sound(void **state)
{
    char path[MAX_PATH];
    char *memory = new_memory(), *index_memory = new_memory();
    struct slice index;
    size_t count = 0;

    (void)state;
    corpus_path(path, "callflows", "");
    DIR *folder = opendir(path);
    if (folder == NULL) {
        print_message("skipped: there is no %s (see TCHIN_CORPORA)\n", path);
        skip();
    }
    check_later(close_folder, folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char file[MAX_PATH];
        (void)snprintf(file, sizeof(file), "%s/index.json", entry->d_name);
        corpus_path(path, "callflows", file);
        if (entry->d_name[0] != '.' && read_file(path, index_memory, &index))
            count += check_call_flow(entry->d_name, index, memory);
    }
    assert_int_equal(count, 722);
}

CHECK_MAIN(CHECK_TEST(messages_of_real_phones_are_sound),
           CHECK_TEST(call_flows_printed_in_rfcs_are_sound))
