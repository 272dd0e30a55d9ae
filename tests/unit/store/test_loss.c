/* What goes wrong while it runs: it is killed, the disk refuses; and what keeps the log short. */
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "store/inside.h"
#include "world.h"

enum { USERS = 40 };

/* Registers one user after the other and writes each to `fd` once it is acknowledged. */
static void register_until_killed(struct world *w, int fd)
{
    for (uint32_t i = 1;; i++) {
        char aor[32];
        (void)snprintf(aor, sizeof(aor), "user%u", i % USERS);
        if (bind(w, aor, binding_to("sip:a", "id", i)) != ERR_NONE
            || write(fd, &i, sizeof(i)) != sizeof(i))
            _exit(1);
    }
}

static void run_in_child(struct world *w, int fd, int killed_after_ms)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (!open_store(w))
            _exit(1);
        register_until_killed(w, fd);
    }
    usleep((useconds_t)killed_after_ms * 1000);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void check_acknowledged(struct world *w, int fd)
{
    uint32_t last[USERS] = {0};
    uint32_t i = 0;

    while (read(fd, &i, sizeof(i)) == sizeof(i))
        last[i % USERS] = i;
    for (uint32_t user = 0; user < USERS; user++) {
        char aor[32];
        (void)snprintf(aor, sizeof(aor), "user%u", user);
        struct binding_list list = find(w, aor, NOW);
        assert_true(last[user] == 0 || (list.count == 1 && list.items[0].cseq >= last[user]));
    }
}

static void no_acknowledged_binding_is_lost_when_it_is_killed(void **state)
{
    struct world *w = make_world();

    (void)state;
    for (int times = 0; times < 4; times++) {
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/seen", w->settings.folder);
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        run_in_child(w, fd, 30 + 25 * times);
        assert_true(lseek(fd, 0, SEEK_SET) == 0);
        CHECK_MADE(open_store(w) ? w : NULL);
        check_acknowledged(w, fd);
        assert_int_equal(close(fd), 0);
        store_close(w->store);
        w->store = NULL;
        (void)snprintf(path, sizeof(path), "%s/tchin.db", w->settings.folder);
        assert_int_equal(unlink(path), 0);
    }
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lift_limit(void *arg)
{
    (void)arg;
    limit_files(RLIM_INFINITY);
    (void)signal(SIGXFSZ, SIG_DFL);
}

/* From here on, no file can be written beyond its first byte: the disk is full. */
static void fill_disk(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    check_later(lift_limit, NULL);
    limit_files(1);
}

/* By the Call-ID "id", as number 2 of it. */
static enum err leave(struct world *w, const char *aor)
{
    struct location_changes all = {
        .aor = slice_of(aor), .removes_all = true, .call_id = SLICE("id"), .cseq = 2};

    return update(w, &all, NOW);
}

static void what_cannot_be_written_leaves_no_trace(void **state)
{
    struct world *w = make_open_world();
    struct user user = {.aor = "bob", .aor_len = 3};

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    fill_disk();
    assert_int_equal(bind(w, "alice", binding_to("sip:b", "id", 2)), ERR_IO);
    assert_int_equal(leave(w, "alice"), ERR_IO);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_STALE);
    assert_int_equal(user_add(w->store, &user), ERR_IO);
    assert_int_equal(user_count(w->store), 0);
    check_contacts(w, "alice", NOW, "sip:a");
    assert_int_equal(location_count(w->store), 1);

    lift_limit(NULL);
    assert_int_equal(bind(w, "alice", binding_to("sip:b", "id", 2)), ERR_NONE);
    assert_int_equal(user_add(w->store, &user), ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "alice", NOW, "sip:b sip:a");
}

/* Of several slices: what was staged before the disk was full must not come back. */
static void an_import_that_cannot_be_written_leaves_no_trace(void **state)
{
    enum { MANY = 300 };
    struct world *w = make_world();
    struct user *users = calloc(MANY, sizeof(*users));

    (void)state;
    CHECK_MADE(users);
    check_later(free, users);
    for (size_t i = 0; i < MANY; i++)
        users[i].aor_len = (uint16_t)snprintf(users[i].aor, sizeof(users[i].aor), "user%zu", i);
    w->settings.max_users = MANY;
    CHECK_MADE(open_store(w) ? w : NULL);
    fill_disk();
    assert_int_equal(user_import(w->store, users, MANY), ERR_IO);
    assert_int_equal(user_count(w->store), 0);

    lift_limit(NULL);
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(user_count(w->store), 0);
    assert_int_equal(user_import(w->store, users, MANY), ERR_NONE);
    assert_int_equal(user_count(w->store), MANY);
}

/* It has to reach the log though no file can be written: a pipe can. */
static void a_disk_that_stays_full_is_said_once(void **state)
{
    struct world *w = make_open_world();
    char text[4096] = "";
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    int file = w->log.fd;
    w->log.fd = ends[1];
    fill_disk();
    for (uint32_t i = 1; i < 10; i++)
        assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", i)), ERR_IO);
    w->log.fd = file;
    lift_limit(NULL);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    const char *first = strstr(text, "bindings could not be written");
    assert_non_null(first);
    assert_null(strstr(first + 1, "bindings could not be written"));
    assert_int_equal(close(ends[0]) | close(ends[1]), 0);
}

static void relaxed_it_answers_before_it_writes(void **state)
{
    struct world *w = make_world();

    (void)state;
    w->settings.durability = STORE_RELAXED;
    CHECK_MADE(open_store(w) ? w : NULL);
    fill_disk();
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    check_contacts(w, "alice", NOW, "sip:a");
    lift_limit(NULL);
    assert_int_equal(bind(w, "alice", binding_to("sip:b", "id", 2)), ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "alice", NOW, "sip:b sip:a");
}

/* In the log of bindings, as another connection reads it. */
static size_t bytes_written(struct world *w)
{
    sqlite3_stmt *count = NULL;
    char path[512];
    sqlite3 *reader = NULL;

    (void)snprintf(path, sizeof(path), "%s/tchin.db", w->settings.folder);
    assert_int_equal(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(reader, "SELECT sum(length(records)) FROM location_log", -1,
                                        &count, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    size_t bytes = (size_t)sqlite3_column_int64(count, 0);
    assert_int_equal(sqlite3_finalize(count), SQLITE_OK);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    return bytes;
}

static void open_relaxed(struct world *w)
{
    w->settings.durability = STORE_RELAXED;
    CHECK_MADE(open_store(w) ? w : NULL);
}

static void wait_until_more_is_written(struct world *w, size_t bytes)
{
    for (int waited_ms = 0; bytes_written(w) == bytes; waited_ms += 10) {
        assert_in_range(waited_ms, 0, 10000);
        usleep(10000);
    }
}

/* What a relaxed store may leave unwritten for a while, and then some. */
static void wait_until_it_has_tried(void)
{
    usleep(3 * UNWRITTEN_MS * 1000);
}

/*
 * On a disk that is full for a while: what was acknowledged then is written when it has room again,
 * though nobody registers any more; what was written before is kept until then, and what was gone
 * does not come back.
 */
static void relaxed_it_tries_again_what_could_not_be_written(void **state)
{
    struct world *w = make_world();

    (void)state;
    open_relaxed(w);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "bob", binding_to("sip:b", "id", 1)), ERR_NONE);
    wait_until_it_has_tried();
    size_t bytes = bytes_written(w);
    assert_true(bytes > 0);
    fill_disk();
    assert_int_equal(bind(w, "alice", binding_to("sip:aa", "id", 2)), ERR_NONE);
    assert_int_equal(bind(w, "carol", binding_to("sip:c", "id", 1)), ERR_NONE);
    assert_int_equal(leave(w, "bob"), ERR_NONE);
    wait_until_it_has_tried();
    assert_int_equal(bytes_written(w), bytes);

    lift_limit(NULL);
    wait_until_more_is_written(w, bytes);
    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "alice", NOW, "sip:aa sip:a");
    check_contacts(w, "bob", NOW, "");
    check_contacts(w, "carol", NOW, "sip:c");
}

static size_t shard_of(struct world *w, const char *aor)
{
    return shards_place(shards_hash(&w->store->index.shards, slice_of(aor)));
}

/* One who is noted there already: what becomes of him takes no room. */
static void leave_shard_of(struct world *w, const char *refused)
{
    char aor[32] = "user0";

    for (uint32_t i = 1; shard_of(w, aor) != shard_of(w, refused); i++)
        (void)snprintf(aor, sizeof(aor), "user%u", i);
    assert_int_equal(leave(w, aor), ERR_NONE);
}

/* What it can neither write nor note is refused, and what it noted is not lost for that. */
static void relaxed_it_refuses_what_it_can_no_longer_note(void **state)
{
    enum { MOST = UNWRITTEN_MAX + 1 };
    struct world *w = make_world();
    char aor[32];
    uint32_t taken = 0;

    (void)state;
    open_relaxed(w);
    fill_disk();
    enum err err = ERR_NONE;
    for (; err == ERR_NONE && taken < MOST; taken++) {
        (void)snprintf(aor, sizeof(aor), "user%u", taken);
        err = bind(w, aor, binding_to("sip:a", "id", 1));
    }
    assert_int_equal(err, ERR_IO);
    taken--;
    assert_int_equal(location_count(w->store), taken);
    leave_shard_of(w, aor);
    taken--;
    lift_limit(NULL);
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(location_count(w->store), taken);
}

/* What is acknowledged within a moment is written once, and that moment ends by itself. */
static void relaxed_it_writes_once_what_changes_often(void **state)
{
    enum { TIMES = 500, RECORD_BYTES = 80 };
    struct world *w = make_world();

    (void)state;
    open_relaxed(w);
    for (uint32_t i = 1; i <= TIMES; i++)
        assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", i)), ERR_NONE);
    wait_until_more_is_written(w, 0);
    assert_in_range(bytes_written(w), 1, TIMES / 4 * RECORD_BYTES);
    assert_int_equal(find(w, "alice", NOW).items[0].cseq, TIMES);
}

static void relaxed_it_loses_nothing_when_it_is_closed(void **state)
{
    struct world *w = make_world();

    (void)state;
    open_relaxed(w);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "bob", binding_to("sip:b", "id", 1)), ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "bob", NOW, "sip:b");
    assert_int_equal(leave(w, "bob"), ERR_NONE);
    check_contacts(w, "bob", NOW, "");
    assert_int_equal(bind(w, "carol", binding_to("sip:c", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "carol", binding_to("sip:cc", "id", 2)), ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "alice", NOW, "sip:a");
    check_contacts(w, "bob", NOW, "");
    check_contacts(w, "carol", NOW, "sip:cc sip:c");
    assert_int_equal(location_count(w->store), 3);
}

/* One of many in a row, of which as many are under way as there is room to ask. */
static void ask_as_the_nth(struct world *w, uint32_t n, uint32_t user,
                           const struct binding *binding)
{
    char aor[32];
    int len = snprintf(aor, sizeof(aor), "user%u", user);
    struct location_changes changes = {
        .aor = {aor, (size_t)len},
          .items = binding, .count = 1, .max_bindings = 10
    };

    if (n >= ARRAY_LEN(w->asked))
        assert_int_equal(wait_for(w, n % ARRAY_LEN(w->asked)), ERR_NONE);
    ask(w, n % ARRAY_LEN(w->asked), &changes, NOW);
}

/* More than may wait, each of them gone and come back, and the log shortened meanwhile. */
static void relaxed_it_keeps_apart_what_comes_and_goes(void **state)
{
    enum { AORS = 3 * UNWRITTEN_MAX / 2, ROUNDS = 6 };
    struct world *w = make_world();

    (void)state;
    open_relaxed(w);
    for (uint32_t i = 0; i < AORS * ROUNDS; i++) {
        struct binding binding = binding_to("sip:a", "id", i + 1);
        bool leaves = i / AORS % 2 == 1 && i % 3 == 0;
        binding.expires_at_ms = leaves ? NOW : NOW + HOUR;
        ask_as_the_nth(w, i, i % AORS, &binding);
    }
    for (size_t i = 0; i < ARRAY_LEN(w->asked); i++)
        assert_int_equal(wait_for(w, i), ERR_NONE);
    assert_int_equal(location_count(w->store), AORS - AORS / 3);
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(location_count(w->store), AORS - AORS / 3);
    for (uint32_t i = 0; i < AORS; i++) {
        char aor[32];
        (void)snprintf(aor, sizeof(aor), "user%u", i);
        struct binding_list list = find(w, aor, NOW);
        assert_int_equal(list.count, i % 3 == 0 ? 0 : 1);
        assert_true(list.count == 0 || list.items[0].cseq == AORS * (ROUNDS - 1) + i + 1);
    }
}

static void with_power_at_stake_it_works_the_same(void **state)
{
    struct world *w = make_world();
    struct user user = {.aor = "bob", .aor_len = 3};

    (void)state;
    w->settings.durability = STORE_POWER;
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(user_add(w->store, &user), ERR_NONE);
    assert_int_equal(bind(w, "alice", binding_to("sip:b", "id", 2)), ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "alice", NOW, "sip:b sip:a");
}

/* The log's own bound is 2 records an AoR and 16384; eight updates are under way at a time. */
static void the_log_stays_short_and_loses_nothing(void **state)
{
    enum { UPDATES = 60000, AORS = 100 };
    struct world *w = make_open_world();

    (void)state;
    assert_int_equal(bind(w, "once", binding_to("sip:once", "id", 1)), ERR_NONE);
    for (uint32_t i = 0; i < UPDATES; i++) {
        struct binding binding = binding_to("sip:a", "id", i + 1);
        ask_as_the_nth(w, i, i % AORS, &binding);
    }
    for (size_t i = 0; i < ARRAY_LEN(w->asked); i++)
        assert_int_equal(wait_for(w, i), ERR_NONE);

    CHECK_MADE(open_store(w) ? w : NULL);
    assert_in_range(w->store->log.record_count, AORS, 20000);
    check_contacts(w, "once", NOW, "sip:once");
    assert_int_equal(location_count(w->store), AORS + 1);
    for (uint32_t i = 0; i < AORS; i++) {
        char aor[32];
        (void)snprintf(aor, sizeof(aor), "user%u", i);
        assert_int_equal(find(w, aor, NOW).items[0].cseq, UPDATES - AORS + i + 1);
    }
}

CHECK_MAIN(CHECK_TEST(no_acknowledged_binding_is_lost_when_it_is_killed),
           CHECK_TEST(what_cannot_be_written_leaves_no_trace),
           CHECK_TEST(an_import_that_cannot_be_written_leaves_no_trace),
           CHECK_TEST(a_disk_that_stays_full_is_said_once),
           CHECK_TEST(relaxed_it_answers_before_it_writes),
           CHECK_TEST(relaxed_it_tries_again_what_could_not_be_written),
           CHECK_TEST(relaxed_it_refuses_what_it_can_no_longer_note),
           CHECK_TEST(relaxed_it_writes_once_what_changes_often),
           CHECK_TEST(relaxed_it_loses_nothing_when_it_is_closed),
           CHECK_TEST(relaxed_it_keeps_apart_what_comes_and_goes),
           CHECK_TEST(with_power_at_stake_it_works_the_same),
           CHECK_TEST(the_log_stays_short_and_loses_nothing))
