/* A row of the table is a row of the grammar in RFC 3629 4; what is ASCII is passed over in words.
 */
#include "base/utf8.h"

struct form {
    unsigned char first_min, first_max;
    unsigned char second_min, second_max; /* what follows the second is 80 to BF */
    size_t len;
};

static const struct form forms[] = {
    {0x00, 0x7F, 0,    0,    1},
    {0xC2, 0xDF, 0x80, 0xBF, 2},
    {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3},
    {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4},
    {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static bool is_of_form(const unsigned char *at, size_t left, const struct form *form)
{
    if (*at < form->first_min || *at > form->first_max || left < form->len)
        return false;
    for (size_t i = 1; i < form->len; i++) {
        if (at[i] < (i == 1 ? form->second_min : 0x80)
            || at[i] > (i == 1 ? form->second_max : 0xBF))
            return false;
    }
    return true;
}

/* 0: none begins there. */
static size_t character_len(const unsigned char *at, size_t left)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (is_of_form(at, left, &forms[i]))
            return forms[i].len;
    }
    return 0;
}

static bool is_ascii_word(const char *at)
{
    return (load_word(at) & 0x8080808080808080U) == 0;
}

bool utf8_is_valid(struct slice bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        if (bytes.len - at >= sizeof(uint64_t) && is_ascii_word(bytes.ptr + at)) {
            at += sizeof(uint64_t);
            continue;
        }
        size_t len = character_len((const unsigned char *)bytes.ptr + at, bytes.len - at);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}
