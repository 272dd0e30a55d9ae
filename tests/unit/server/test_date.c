/* Date is written once a second, as the second's. */
#include "server/date.h"

#include "check.h"

static void the_date_is_that_of_its_second(void **state)
{
    static const struct {
        uint64_t wall_ms;
        const char *text;
        const char *label;
    } cases[] = {
        {1289692799999, "Sat, 13 Nov 2010 23:59:59 GMT", "the last millisecond of a day" },
        {1289692800000, "Sun, 14 Nov 2010 00:00:00 GMT", "the first of the next"         },
        {1289692800999, "Sun, 14 Nov 2010 00:00:00 GMT", "the same second"               },
        {1289692799000, "Sat, 13 Nov 2010 23:59:59 GMT", "a clock that was set back"     },
        {0,             "Thu, 01 Jan 1970 00:00:00 GMT", "the zeroed one has no date yet"},
    };
    struct date date = {0};

    (void)state;
    CHECK_SLICE(date_at(&date, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(slice_equal(date_at(&date, cases[i].wall_ms), slice_of(cases[i].text)),
                   cases[i].label);
}

CHECK_MAIN(CHECK_TEST(the_date_is_that_of_its_second))
