/* Programs run as children: what they are given, what they say, how they end. */
#include "server/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "check.h"

static void nap(void)
{
    static const struct timespec a_little = {.tv_nsec = 5000000};

    nanosleep(&a_little, NULL);
}

static int wait_for_end(struct child *child)
{
    int status;

    while (!child_has_ended(child, &status))
        nap();
    assert_int_equal(child->pid, 0);
    return status;
}

static void start(struct child *child, const char *script)
{
    const char *const words[] = {"sh", "-c", script, "sh", "a b", NULL};

    CHECK_MADE(child_start(child, words, "TCHIN_TEST=it is") == 0 ? child : NULL);
}

static void its_words_and_its_setting_arrive_and_what_it_says_comes_back(void **state)
{
    struct child child;

    (void)state;
    start(&child, "echo \"$1, $TCHIN_TEST\" >&2; echo not this; exit 3");
    assert_int_equal(wait_for_end(&child), 3);
    assert_true(slice_equal(child_said(&child), SLICE("a b, it is\n")));
}

static void of_much_the_last_is_kept(void **state)
{
    struct child child;

    (void)state;
    start(&child, "i=0; while [ $i -lt 3000 ]; do echo \"line $i\" >&2; i=$((i+1)); done");
    assert_int_equal(wait_for_end(&child), 0);
    struct slice said = child_said(&child);
    assert_int_equal(said.len, CHILD_SAID_BYTES);
    assert_true(slice_equal(slice_after(said, said.len - 10), SLICE("line 2999\n")));
}

static void it_has_none_of_our_descriptors_and_our_blocked_signals(void **state)
{
    struct child child;
    sigset_t signals, before;

    (void)state;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    start(&child, "ls /proc/self/fd | wc -l >&2; kill -TERM $$; sleep 5");
    assert_int_equal(wait_for_end(&child), -1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_true(slice_equal(slice_trim(child_said(&child)), SLICE("4"))); /* and that of ls */
}

static void what_is_not_there_is_an_error(void **state)
{
    const char *const words[] = {"tchin-no-such-program", NULL};
    struct child child;

    (void)state;
    int error = child_start(&child, words, "A=b");
    CHECK_MADE(error != ENOMEM ? &child : NULL);
    assert_int_equal(error, ENOENT);
    child_kill(&child);
}

/* One whose new parent has not yet taken note is dead as well. */
static bool is_alive(uint32_t pid)
{
    char path[32], state = 'Z';

    snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fscanf(file, "%*d %*s %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state != 'Z';
}

static void one_that_is_killed_takes_its_own_children_along(void **state)
{
    struct child child;
    struct slice said;

    (void)state;
    start(&child, "sleep 60 & echo $! >&2; wait");
    for (said = child_said(&child); said.len == 0; said = child_said(&child)) {
        int status;
        nap();
        assert_false(child_has_ended(&child, &status));
    }
    uint32_t grandchild = 0;
    assert_true(slice_to_u32(slice_trim(said), UINT32_MAX, &grandchild));
    child_kill(&child);
    for (int i = 0; i < 400 && is_alive(grandchild); i++)
        nap();
    assert_false(is_alive(grandchild));
}

CHECK_MAIN(CHECK_TEST(its_words_and_its_setting_arrive_and_what_it_says_comes_back),
           CHECK_TEST(of_much_the_last_is_kept),
           CHECK_TEST(it_has_none_of_our_descriptors_and_our_blocked_signals),
           CHECK_TEST(what_is_not_there_is_an_error),
           CHECK_TEST(one_that_is_killed_takes_its_own_children_along))
