/* Date and Timestamp: RFC 3261 20.17, 20.38 and 25.1. */
#include "sip/grammar.h"
#include "sip/values.h"

enum { SECONDS_PER_DAY = 86400 };

/* N DIGIT, not above `max` */
static bool eat_number(struct cursor *c, size_t len, uint32_t max, uint32_t *out)
{
    struct slice digits;

    return eat_digits(c, &digits) && digits.len == len && slice_to_u32(digits, max, out);
}

/* One of the names of three letters in `names`; `out` is which. */
static bool eat_name(struct cursor *c, const char *names, uint32_t *out)
{
    struct slice word;

    if (!eat_run(c, CHAR_ALPHA, &word) || word.len != 3)
        return false;
    for (uint32_t i = 0; names[3 * i] != '\0'; i++) {
        if (slice_equal_nocase(word, (struct slice){names + 3 * i, 3})) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool is_leap_year(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month] + (month == 1 && is_leap_year(year) ? 1U : 0U);
}

/* Days from 1970 to the first of January of a year; before it, they are negative. */
static int64_t days_before_year(uint32_t year)
{
    int64_t past = (int64_t)year - 1;

    return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

/* date1 = 2DIGIT SP month SP 4DIGIT */
static bool eat_date(struct cursor *c, int64_t *out_days)
{
    uint32_t day, month, year;

    if (!eat_number(c, 2, 31, &day) || !eat_space(c)
        || !eat_name(c, "JanFebMarAprMayJunJulAugSepOctNovDec", &month) || !eat_space(c)
        || !eat_number(c, 4, 9999, &year))
        return false;
    if (day == 0 || year == 0 || day > days_in_month(year, month))
        return false;
    *out_days = days_before_year(year) + day - 1;
    for (uint32_t m = 0; m < month; m++)
        *out_days += days_in_month(year, m);
    return true;
}

/* time = 2DIGIT ":" 2DIGIT ":" 2DIGIT */
static bool eat_time(struct cursor *c, uint32_t *out_seconds)
{
    uint32_t hours, minutes, seconds;

    if (!eat_number(c, 2, 23, &hours) || !eat_char(c, ':') || !eat_number(c, 2, 59, &minutes)
        || !eat_char(c, ':') || !eat_number(c, 2, 59, &seconds))
        return false;
    *out_seconds = (hours * 60 + minutes) * 60 + seconds;
    return true;
}

/* rfc1123-date = wkday "," SP date1 SP time SP "GMT" */
bool sip_date_parse(struct slice value, int64_t *out)
{
    struct cursor c = cursor_over(value);
    uint32_t weekday, seconds;
    int64_t days;

    bool ok = eat_name(&c, "MonTueWedThuFriSatSun", &weekday) && eat_char(&c, ',') && eat_space(&c)
              && eat_date(&c, &days) && eat_space(&c) && eat_time(&c, &seconds) && eat_space(&c)
              && eat_word(&c, SLICE("GMT")) && at_end(&c);
    if (ok)
        *out = days * SECONDS_PER_DAY + seconds;
    return ok;
}

/* *DIGIT [ "." *DIGIT ], in milliseconds; what is finer is cut off */
static bool eat_milliseconds(struct cursor *c, uint64_t *out)
{
    struct slice whole, fraction = SLICE_NONE;
    uint64_t seconds = 0;
    uint32_t milliseconds = 0;

    if (eat_digits(c, &whole) && !slice_to_u64(whole, UINT64_MAX / 1000 - 1, &seconds))
        return false;
    if (eat_char(c, '.'))
        (void)eat_digits(c, &fraction);
    for (size_t i = 0; i < 3; i++)
        milliseconds =
            milliseconds * 10 + (i < fraction.len ? (uint32_t)(fraction.ptr[i] - '0') : 0);
    *out = seconds * 1000 + milliseconds;
    return true;
}

/* 1*DIGIT [ "." *DIGIT ] [ LWS delay ] */
bool sip_timestamp_parse(struct slice value, struct sip_timestamp *out)
{
    struct cursor c = cursor_over(value);
    struct sip_timestamp timestamp = {0};

    bool ok = !at_end(&c) && sip_char_is(*c.at, CHAR_DIGIT)
              && eat_milliseconds(&c, &timestamp.sent_ms)
              && (!eat_space(&c) || eat_milliseconds(&c, &timestamp.delay_ms)) && at_end(&c);
    if (ok)
        *out = timestamp;
    return ok;
}
