/* Methods: names to numbers and back. */
#include "check.h"

#include "sip/method.h"

static void every_method_is_found_by_its_name(void **state)
{
    (void)state;
    for (int method = SIP_INVITE; method < SIP_METHOD_COUNT; method++) {
        struct slice name = sip_method_name((enum sip_method)method);
        assert_true(name.len > 0);
        assert_int_equal(sip_method_of(name), method);
    }
}

static void the_case_of_a_method_matters(void **state)
{
    (void)state;
    assert_int_equal(sip_method_of(SLICE("invite")), SIP_OTHER_METHOD);
    assert_int_equal(sip_method_of(SLICE("INVITES")), SIP_OTHER_METHOD);
    assert_int_equal(sip_method_of(SLICE("RE%47IST%45R")), SIP_OTHER_METHOD);
    assert_int_equal(sip_method_of(SLICE("")), SIP_OTHER_METHOD);
    assert_int_equal(sip_method_name(SIP_OTHER_METHOD).len, 0);
}

CHECK_MAIN(CHECK_TEST(every_method_is_found_by_its_name), CHECK_TEST(the_case_of_a_method_matters))
