/*
 * The runner behind check.h. Plainly, a cmocka group. With TCHIN_FAIL_ALLOCATIONS=1, each test once
 * for every allocation that our code makes in it, that allocation failing: in a child each, because
 * a crash is what we look for. The linker's --wrap hands us the allocations of what is linked
 * statically, ours and the test's; those inside the system's libraries are not ours to judge.
 */
#include "check.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_REFUSALS     2000 /* of one test: beyond it the n-th resembles the ones before */
#define MAX_SECONDS      60   /* of one run: what waits for ever is a failure too */
#define MAX_TO_GIVE_BACK 4096
#define STACK_GAP        (512 * 1024)

struct gift {
    void (*give_back)(void *thing);
    void *thing;
};

/* cmocka has one running test and hands our functions nothing of it: so this is static. */
static struct {
    struct gift gifts[MAX_TO_GIVE_BACK];
    size_t gift_count;
    char *folder;
    bool came_to_its_end;
    atomic_bool counting;      /* a test runs whose n-th allocation is to fail */
    atomic_long until_refusal; /* allocations to grant before */
    atomic_bool refused;
} running;

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};
static struct sigaction crash_actions[ARRAY_LEN(crash_signals)];

enum verdict { REFUSED_AND_SURVIVED = 80, NOTHING_TO_REFUSE, SKIPPED, FAILED, LEAKED };

static int run_group(const struct CMUnitTest *tests, size_t count);
static int run_failing(const struct CMUnitTest *tests, size_t count);

int check_run(const struct CMUnitTest *tests, size_t count)
{
    const char *failing = getenv("TCHIN_FAIL_ALLOCATIONS");

    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
        sigaction(crash_signals[i], NULL, &crash_actions[i]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return failing != NULL && strcmp(failing, "1") == 0 ? run_failing(tests, count)
                                                        : run_group(tests, count);
}

/* --- what tests say --- */

void check_case(bool holds, const char *claim, const char *label, const char *file, int line)
{
    if (holds)
        return;
    print_error("%s: %s does not hold\n", label, claim);
    _fail(file, line);
}

void check_slice(struct slice s, const char *expected, const char *file, int line)
{
    if (slice_equal(s, slice_of(expected)))
        return;
    print_error("\"%.*s\" is not \"%s\"\n", SLICE_ARGS(s), expected);
    _fail(file, line);
}

void check_made(bool made, const char *file, int line)
{
    if (made)
        return;
    print_error("it was not made\n");
    _fail(file, line);
}

void check_later(void (*give_back)(void *thing), void *thing)
{
    assert_true(running.gift_count < MAX_TO_GIVE_BACK);
    running.gifts[running.gift_count++] = (struct gift){give_back, thing};
}

/* --- allocations --- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static bool is_granted(void)
{
    if (!atomic_load(&running.counting) || atomic_fetch_sub(&running.until_refusal, 1) != 0)
        return true;
    atomic_store(&running.refused, true);
    errno = ENOMEM;
    return false;
}

void *__wrap_malloc(size_t bytes)
{
    return is_granted() ? __real_malloc(bytes) : NULL;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return is_granted() ? __real_calloc(count, bytes) : NULL;
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return is_granted() ? __real_realloc(old, bytes) : NULL;
}

/* --- files --- */

struct slice check_read_file(const char *path)
{
    char full[4096];
    long size = 0;

    (void)snprintf(full, sizeof(full), "%s/%s", TESTS_DIR, path);
    FILE *file = fopen(full, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        fail_msg("%s cannot be read", full);
    rewind(file);

    /* Not a byte more than there is, so that the sanitizer sees who reads on. */
    char *text = __real_malloc(size > 0 ? (size_t)size : 1);
    size_t len = fread(text, 1, (size_t)size, file);
    fclose(file);
    check_later(free, text);
    assert_int_equal(len, size);
    return (struct slice){text, len};
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void remove_folder(void *folder)
{
    (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
    running.folder = NULL;
}

const char *check_folder(void)
{
    char template[4096];
    const char *parent = getenv("TMPDIR");

    if (running.folder != NULL)
        return running.folder;
    (void)snprintf(template, sizeof(template), "%s/tchin-test-XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(template));
    running.folder = strdup(template);
    check_later(remove_folder, running.folder);
    return running.folder;
}

/* --- one test --- */

/*
 * What a test hands to check_later may be a local of its own, and a failed assertion jumps out of
 * the test before that is given back. So the test runs a good way down the stack, where nothing
 * that runs afterwards overwrites it.
 */
static __attribute__((noinline)) void call_far_down(const struct CMUnitTest *test)
{
    volatile char gap[STACK_GAP];
    void *nothing = NULL;

    gap[0] = 0;
    test->test_func(&nothing);
    gap[STACK_GAP - 1] = gap[0];
}

/* cmocka makes a failed assertion of a crash; we want to see it, with the sanitizer's report. */
static void let_crashes_crash(void)
{
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
        sigaction(crash_signals[i], &crash_actions[i], NULL);
}

static void run_one(void **state)
{
    let_crashes_crash();
    call_far_down(*state);
    running.came_to_its_end = true;
}

static int give_all_back(void **state)
{
    (void)state;
    atomic_store(&running.counting, false);
    while (running.gift_count > 0) {
        struct gift last = running.gifts[--running.gift_count];
        last.give_back(last.thing);
    }
    return 0;
}

/* The same test, run by us. */
static struct CMUnitTest guarded(const struct CMUnitTest *test)
{
    return (struct CMUnitTest){.name = test->name,
                               .test_func = run_one,
                               .teardown_func = give_all_back,
                               .initial_state = (void *)(uintptr_t)test};
}

static int run_group(const struct CMUnitTest *tests, size_t count)
{
    struct CMUnitTest group[count];

    for (size_t i = 0; i < count; i++)
        group[i] = guarded(&tests[i]);
    return _cmocka_run_group_tests("tests", group, count, NULL, NULL);
}

/* --- with allocations failing --- */

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* The child: one test, once, its n-th allocation refused. */
static _Noreturn void run_refusing(const struct CMUnitTest *test, long n)
{
    alarm(MAX_SECONDS);
    atomic_store(&running.until_refusal, n - 1);
    atomic_store(&running.counting, true);
    bool passed = run_group(test, 1) == 0;

    enum verdict verdict = REFUSED_AND_SURVIVED;
    if (!atomic_load(&running.refused))
        verdict = !passed ? FAILED : running.came_to_its_end ? NOTHING_TO_REFUSE : SKIPPED;
    if (__lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0)
        verdict = LEAKED;
    fflush(NULL);
    _exit((int)verdict);
}

/* Forks, and keeps what the child says in `talk`: mostly failed assertions, as is to be expected.
 */
static int run_child(const struct CMUnitTest *test, long n, FILE *talk)
{
    int status = 0;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(talk), STDOUT_FILENO);
        dup2(fileno(talk), STDERR_FILENO);
        run_refusing(test, n);
    }
    while (child < 0 || waitpid(child, &status, 0) < 0)
        if (child < 0 || errno != EINTR)
            abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void print_failure(const struct CMUnitTest *test, long n, int how, FILE *talk)
{
    char line[1024];

    rewind(talk);
    while (fgets(line, sizeof(line), talk) != NULL)
        printf("    %s", line);
    printf("[  FAILED  ] %s: with allocation %ld refused, %s %d\n", test->name, n,
           how < 0         ? "killed by signal"
           : how == LEAKED ? "it leaked:"
           : how == FAILED ? "nothing having been refused:"
                           : "it exited:",
           how < 0 ? -how : how);
}

static bool survives_every_refusal(const struct CMUnitTest *test)
{
    int how = REFUSED_AND_SURVIVED;
    long n = 0;

    while (how == REFUSED_AND_SURVIVED && n < MAX_REFUSALS) {
        FILE *talk = tmpfile();
        if (talk == NULL)
            abort();
        how = run_child(test, ++n, talk);
        bool ended_well = how >= REFUSED_AND_SURVIVED && how <= SKIPPED;
        if (!ended_well)
            print_failure(test, n, how, talk);
        fclose(talk);
        if (!ended_well)
            return false;
    }
    printf("[%s] %s (%ld refused)\n", how == SKIPPED ? "  SKIPPED " : "       OK ", test->name,
           how == REFUSED_AND_SURVIVED ? n : n - 1);
    return true;
}

static int run_failing(const struct CMUnitTest *tests, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count; i++)
        failed += !survives_every_refusal(&tests[i]);
    return failed;
}
