/* When certificates are renewed, and how long to wait when there are none to be had. */
#include "server/acme_schedule.h"

#include "check.h"

enum { DAY = 24 * 60 * 60 };

static void a_certificate_is_renewed_when_two_thirds_of_its_life_are_over(void **state)
{
    const struct acme_validity ninety_days = {1000 * DAY, 1090 * DAY};

    (void)state;
    assert_int_equal(acme_renewal_s(ninety_days, 0), 1060 * DAY);
    assert_in_range(acme_renewal_s(ninety_days, UINT32_MAX), 1057 * DAY, 1057 * DAY + 1);
}

static void none_at_all_is_due_at_once(void **state)
{
    (void)state;
    assert_int_equal(acme_renewal_s((struct acme_validity){0}, UINT32_MAX), 0);
    assert_int_equal(acme_renewal_s((struct acme_validity){10, 5}, 1), 10);
}

static void pauses_grow_fourfold_up_to_a_day(void **state)
{
    static const uint64_t expected[] = {120, 480, 1920, 7680, 30720, DAY, DAY};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++)
        assert_int_equal(acme_pause_s(i + 1, 0), expected[i]);
    assert_int_equal(acme_pause_s(UINT32_MAX, 0), DAY);
    assert_in_range(acme_pause_s(1, UINT32_MAX), 143, 144);
}

static void fewer_than_five_attempts_fall_into_an_hour(void **state)
{
    uint64_t at_s = 0;
    unsigned attempts = 0;

    (void)state;
    while (at_s < 3600)
        at_s += acme_pause_s(++attempts, 0);
    assert_in_range(attempts, 2, 4);
}

CHECK_MAIN(CHECK_TEST(a_certificate_is_renewed_when_two_thirds_of_its_life_are_over),
           CHECK_TEST(none_at_all_is_due_at_once), CHECK_TEST(pauses_grow_fourfold_up_to_a_day),
           CHECK_TEST(fewer_than_five_attempts_fall_into_an_hour))
