/* IPv6 addresses: RFC 3261 25.1 as RFC 5954 corrects it. */
#include "sip/grammar.h"

/* 1*3DIGIT "." 1*3DIGIT "." 1*3DIGIT "." 1*3DIGIT, each below 256 */
static bool eat_ipv4(struct cursor *c)
{
    struct cursor ahead = *c;

    for (int i = 0; i < 4; i++) {
        struct slice digits;
        uint32_t octet;
        if (i > 0 && !eat_char(&ahead, '.'))
            return false;
        if (!eat_digits(&ahead, &digits) || digits.len > 3 || !slice_to_u32(digits, 255, &octet))
            return false;
    }
    *c = ahead;
    return true;
}

/* hex4 *( ":" hex4 ) [ ":" IPv4address ]: how many groups of 16 bits; -1: it is not that. */
static int count_ipv6_groups(struct slice text)
{
    struct cursor c = cursor_over(text);
    struct slice group;
    int count = 0;

    if (at_end(&c))
        return 0;
    do {
        if (eat_ipv4(&c))
            return at_end(&c) ? count + 2 : -1;
        if (!eat_run(&c, CHAR_HEXDIG, &group) || group.len > 4 || ++count > 8)
            return -1;
    } while (eat_char(&c, ':'));
    return at_end(&c) ? count : -1;
}

static size_t find_double_colon(struct slice text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] == ':' && text.ptr[i + 1] == ':')
            return i;
    }
    return text.len;
}

/*
 * RFC 3261 25.1 as RFC 5954 4.1 corrects it. The colon too many that the uncorrected grammar puts
 * between "::" and an IPv4 address is to be tolerated (RFC 5118 4.10).
 */
bool sip_is_ipv6(struct slice text)
{
    size_t gap = find_double_colon(text);

    if (gap == text.len)
        return count_ipv6_groups(text) == 8;
    struct slice left = {text.ptr, gap};
    struct slice right = slice_after(text, gap + 2);
    if (right.len > 0 && right.ptr[0] == ':' && slice_find(right, '.') < right.len)
        right = slice_after(right, 1);
    int groups_left = count_ipv6_groups(left);
    int groups_right = count_ipv6_groups(right);
    return groups_left >= 0 && groups_right >= 0 && groups_left + groups_right < 8
           && slice_find(left, '.') == left.len;
}

/* IPv6reference = "[" IPv6address "]" */
const char *sip_ipv6_reference_end(const char *at, const char *end)
{
    struct slice rest = slice_between(at + 1, end);
    struct slice address = {rest.ptr, slice_find(rest, ']')};

    return address.len < rest.len && sip_is_ipv6(address) ? slice_end(address) + 1 : NULL;
}
