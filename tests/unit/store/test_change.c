/*
 * RFC 3261 10.3, steps 6 and 7. Bindings are written as "contact call-id cseq seconds [q]": seconds
 * are those from now until it expires, 0 removes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "store/change.h"

enum { NOW = 1000000, MAX = 3 };

/* Here, contacts are the same but for the case of letters. */
static bool same_but_for_case(struct slice a, struct slice b)
{
    return slice_equal_nocase(a, b);
}

static struct slice take_word(struct slice *text)
{
    size_t len = slice_find(*text, ' ');
    struct slice word = {text->ptr, len};

    *text = slice_after(*text, len + 1);
    return word;
}

static uint32_t take_number(struct slice *text)
{
    uint32_t number = 0;

    (void)slice_to_u32(take_word(text), UINT32_MAX, &number);
    return number;
}

static struct binding read_binding(struct slice text)
{
    struct binding binding = {.contact = take_word(&text), .q_thousandths = 1000};

    binding.call_id = take_word(&text);
    binding.cseq = take_number(&text);
    binding.expires_at_ms = NOW + 1000 * (uint64_t)take_number(&text);
    if (text.len > 0)
        binding.q_thousandths = (uint16_t)take_number(&text);
    return binding;
}

static size_t read_bindings(const char *lines, struct binding out[16])
{
    struct slice rest = slice_of(lines);
    size_t count = 0;

    while (rest.len > 0) {
        size_t len = slice_find(rest, ',');
        out[count++] = read_binding(slice_trim((struct slice){rest.ptr, len}));
        rest = slice_after(rest, len + 1);
    }
    return count;
}

/* "contact/cseq", with spaces between. */
static void write_bindings(const struct binding_list *list, struct buffer *out)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_add_text(out, i > 0 ? " " : "");
        buffer_add(out, list->items[i].contact);
        buffer_add_char(out, '/');
        buffer_add_u64(out, list->items[i].cseq);
    }
}

/* What becomes of `standing`: the bindings, or why the request fails. */
static void write_outcome(const char *standing, const char *request, struct buffer *out)
{
    struct binding stood[16];
    struct binding wanted[16];
    struct binding room[32];
    struct binding_list valid = {stood, read_bindings(standing, stood)};
    struct binding_list result = {.items = room};
    struct location_changes changes = {
        .items = wanted, .count = read_bindings(request, wanted), .max_bindings = MAX};

    if (request[0] == '*') {
        changes.removes_all = true;
        changes.call_id = wanted[0].call_id;
        changes.cseq = wanted[0].cseq;
        changes.count = 0;
    }
    enum err err = change_apply(&changes, &valid, NOW, same_but_for_case, &result);
    if (err == ERR_NONE)
        write_bindings(&result, out);
    else
        buffer_add_text(out, err == ERR_STALE ? "stale" : err == ERR_FULL ? "full" : "?");
}

static void the_steps_of_the_rfc_are_taken(void **state)
{
    static const struct {
        const char *standing;
        const char *request; /* "* call-id cseq" removes all */
        const char *outcome;
        const char *label;
    } cases[] = {
        {"",                        "a i 1 9",                 "a/1",         "a new contact is added"         },
        {"a i 1 9",                 "b i 2 9",                 "b/2 a/1",     "the newest comes first"         },
        {"a i 1 9",                 "b j 1 9,c j 1 9",         "b/1 c/1 a/1", "those of one request keep order"},
        {"a i 1 9 500,b i 1 9 1",   "c j 1 9 30",              "a/1 c/1 b/1", "the highest q comes first"      },
        {"a i 1 9 500,b i 1 9 500", "b i 2 9 500",             "b/2 a/1",     "of equal q the newest"          },
        {"a i 1 9",                 "a i 2 9",                 "a/2",         "a higher CSeq refreshes"        },
        {"a i 2 9",                 "a i 2 9",                 "stale",       "an equal one does not"          },
        {"a i 2 9",                 "a i 1 9",                 "stale",       "a lower one does not"           },
        {"a i 2 9",                 "a j 1 9",                 "a/1",         "of another Call-ID any CSeq"    },
        {"a i 2 9",                 "a I 1 9",                 "a/1",         "case counts in Call-IDs"        },
        {"a i 1 9",                 "A i 2 9",                 "A/2",         "contacts compare as URIs"       },
        {"a i 1 9,b i 1 9",         "a i 2 0",                 "b/1",         "no time left removes"           },
        {"a i 2 9",                 "a i 2 0",                 "stale",       "but not what is newer"          },
        {"a i 1 9",                 "b i 2 0",                 "a/1",         "what is not there can go"       },
        {"a i 5 9",                 "b i 3 9,a i 3 9",         "stale",       "one stale contact aborts all"   },
        {"",                        "a i 1 9,b i 1 9,a i 1 0", "b/1",         "named twice: the last word"     },
        {"a i 1 9",                 "a i 2 0,a i 2 9",         "a/2",         "the same, where one stood"      },
        {"a i 1 9,b j 7 9",         "* i 2",                   "",            "* removes all"                  },
        {"",                        "* i 2",                   "",            "* where there is nothing"       },
        {"a j 1 9,b i 2 9",         "* i 2",                   "stale",       "* where one is newer"           },
        {"a i 1 9,b i 1 9,c i 1 9", "d i 2 9",                 "full",        "one too many"                   },
        {"a i 1 9,b i 1 9,c i 1 9", "d i 2 9,a i 2 0",         "d/2 b/1 c/1", "one for another"                },
        {"a i 1 9,b i 1 9,c i 1 9", "b i 2 9",                 "b/2 a/1 c/1", "refreshing at the limit"        },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        struct buffer out = buffer_over(text, sizeof(text));
        write_outcome(cases[i].standing, cases[i].request, &out);
        CHECK_CASE(slice_equal(buffer_slice(&out), slice_of(cases[i].outcome)), cases[i].label);
    }
}

static void above_a_limit_that_was_lowered_a_binding_can_be_refreshed(void **state)
{
    char text[256];
    struct buffer out = buffer_over(text, sizeof(text));

    (void)state;
    write_outcome("a i 1 9,b i 1 9,c i 1 9,d i 1 9", "b i 2 9", &out);
    CHECK_SLICE(buffer_slice(&out), "b/2 a/1 c/1 d/1");
}

static void a_request_that_removes_more_than_there_can_be_is_refused(void **state)
{
    char text[256];
    struct buffer out = buffer_over(text, sizeof(text));

    (void)state;
    write_outcome("", "a i 1 0,b i 1 0,c i 1 0,d i 1 0,e i 1 0,f i 1 0", &out);
    CHECK_SLICE(buffer_slice(&out), "");
    write_outcome("", "a i 1 0,b i 1 0,c i 1 0,d i 1 0,e i 1 0,f i 1 0,g i 1 0,h i 1 0", &out);
    CHECK_SLICE(buffer_slice(&out), "full");
}

CHECK_MAIN(CHECK_TEST(the_steps_of_the_rfc_are_taken),
           CHECK_TEST(above_a_limit_that_was_lowered_a_binding_can_be_refreshed),
           CHECK_TEST(a_request_that_removes_more_than_there_can_be_is_refused))
