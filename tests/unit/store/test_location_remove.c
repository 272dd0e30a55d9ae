/* Removing a user's bindings from outside of any REGISTER. */
#include "store/location_remove.h"

#include "world.h"

static void all_bindings_go_and_stay_away(void **state)
{
    struct world *w = make_open_world();

    (void)state;
    assert_int_equal(bind(w, "a@x.org", binding_to("sip:1@x", "1", UINT32_MAX)), ERR_NONE);
    assert_int_equal(bind(w, "a@x.org", binding_to("sip:2@x", "2", 1)), ERR_NONE);
    assert_int_equal(bind(w, "b@x.org", binding_to("sip:3@x", "3", 1)), ERR_NONE);
    assert_int_equal(location_remove_all(w->store, SLICE("a@x.org"), NOW), ERR_NONE);
    check_contacts(w, "a@x.org", NOW, "");
    check_contacts(w, "b@x.org", NOW, "sip:3@x");
    assert_int_equal(location_remove_all(w->store, SLICE("a@x.org"), NOW), ERR_NONE);

    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "a@x.org", NOW, "");
    check_contacts(w, "b@x.org", NOW, "sip:3@x");
}

static void many_one_after_the_other(void **state)
{
    struct world *w = make_open_world();

    (void)state;
    for (uint32_t i = 1; i <= 200; i++) {
        assert_int_equal(bind(w, "a@x.org", binding_to("sip:1@x", "1", i)), ERR_NONE);
        assert_int_equal(location_remove_all(w->store, SLICE("a@x.org"), NOW), ERR_NONE);
        check_contacts(w, "a@x.org", NOW, "");
    }
}

CHECK_MAIN(CHECK_TEST(all_bindings_go_and_stay_away), CHECK_TEST(many_one_after_the_other))
