/*
 * What every unit test includes: cmocka, a check that prints the case's label, and main.
 *
 * A test program ends with CHECK_MAIN(a, b, c), naming its tests. Run plainly it runs them as a
 * cmocka group. With TCHIN_FAIL_ALLOCATIONS=1 in the environment it instead runs each test again
 * and again in a child of its own, the n-th allocation failing for n = 1, 2, 3 ... until one run
 * had fewer allocations: such a run may fail its assertions, but it must not crash, nor leak what
 * our code allocated.
 */
#ifndef TCHIN_TESTS_CHECK_H
#define TCHIN_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/slice.h"

#define CHECK_CASE(claim, label) check_case((claim), #claim, (label), __FILE__, __LINE__)
#define CHECK_SLICE(s, text)     check_slice((s), (text), __FILE__, __LINE__)

void check_case(bool holds, const char *claim, const char *label, const char *file, int line);
void check_slice(struct slice s, const char *expected, const char *file, int line);

/*
 * Calls `give_back(thing)` when the running test ends, however it ends; last one first. `thing` may
 * be a local of the test function itself.
 */
void check_later(void (*give_back)(void *thing), void *thing);

/* Like assert_non_null, for what an allocation made: with allocations failing it ends the test. */
#define CHECK_MADE(thing) check_made((thing) != NULL, __FILE__, __LINE__)
void check_made(bool made, const char *file, int line);

/* The bytes of a file under tests/, in memory that is given back when the test ends. */
struct slice check_read_file(const char *path);

/* A folder for this test alone, removed with all in it when the test ends. */
const char *check_folder(void);

int check_run(const struct CMUnitTest *tests, size_t count);

#define CHECK_TEST(function) cmocka_unit_test(function)
#define CHECK_MAIN(...)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return check_run(tests, ARRAY_LEN(tests));                                                 \
    }

#endif
