/* Telephone numbers: RFC 3966 3, as erratum 4376 corrects it, and 4. */
#include "sip/tel.h"

/* visual-separator = "-" / "." / "(" / ")" */
static bool is_separator(char c)
{
    return c == '-' || c == '.' || c == '(' || c == ')';
}

static bool is_local_digit(char c)
{
    return sip_char_is(c, CHAR_HEXDIG) || c == '*' || c == '#';
}

/* Digits and separators, one digit at least. */
static bool eat_phone_digits(struct cursor *c, bool (*is_digit)(char c))
{
    const char *start = c->at;
    bool has_digit = false;

    while (!at_end(c) && (is_digit(*c->at) || is_separator(*c->at)))
        has_digit |= is_digit(*c->at++);
    if (!has_digit)
        c->at = start;
    return has_digit;
}

bool eat_tel_number(struct cursor *c, struct slice *out)
{
    struct cursor ahead = *c;

    if (!eat_phone_digits(&ahead, eat_char(&ahead, '+') ? ascii_is_digit : is_local_digit))
        return false;
    *out = eaten_since(&ahead, c->at);
    *c = ahead;
    return true;
}

bool sip_tel_is_global(struct slice number)
{
    return number.len > 0 && number.ptr[0] == '+';
}

bool sip_tel_is_context(struct slice text)
{
    struct cursor c = cursor_over(text);
    struct slice what;

    return (sip_tel_is_global(text) ? eat_tel_number(&c, &what) : eat_host(&c, &what))
           && at_end(&c);
}

static struct slice skip_separators(struct slice number)
{
    while (number.len > 0 && is_separator(number.ptr[0]))
        number = slice_after(number, 1);
    return number;
}

bool sip_tel_number_equal(struct slice a, struct slice b)
{
    a = skip_separators(a);
    b = skip_separators(b);
    while (a.len > 0 && b.len > 0) {
        if (ascii_lower(a.ptr[0]) != ascii_lower(b.ptr[0]))
            return false;
        a = skip_separators(slice_after(a, 1));
        b = skip_separators(slice_after(b, 1));
    }
    return a.len == b.len;
}

void sip_tel_write_number(struct slice number, struct buffer *out)
{
    for (size_t i = 0; i < number.len; i++) {
        if (!is_separator(number.ptr[i]))
            buffer_add_char(out, ascii_lower(number.ptr[i]));
    }
}
