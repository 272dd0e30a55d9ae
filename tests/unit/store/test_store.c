/* Opening a folder: what is said of one that cannot be used, and what is kept in one that can. */
#include <sqlite3.h>
#include <sys/stat.h>

#include "world.h"

static void path_in(const struct world *w, const char *file, char out[512])
{
    (void)snprintf(out, 512, "%s/%s", w->settings.folder, file);
}

/* What an administrator, an accident or an intruder does to the database. */
static void run_sql(const struct world *w, const char *sql)
{
    sqlite3 *sqlite = NULL;
    char path[512];

    path_in(w, "tchin.db", path);
    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(sqlite), SQLITE_OK);
}

static void close_store(struct world *w)
{
    store_close(w->store);
    w->store = NULL;
}

static void write_file(const struct world *w, const char *file, const char *text)
{
    char path[512];

    path_in(w, file, path);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void check_fault(struct world *w, const char *start, const char *end)
{
    char expected[1024];

    (void)snprintf(expected, sizeof(expected), start, w->settings.folder);
    (void)snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "%s", end);
    assert_string_equal(w->fault, expected);
}

static void what_it_makes_is_for_its_owner_alone(void **state)
{
    static const char *const files[] = {"tchin.db", "tchin.db-wal", "tchin.db-shm", "lock"};
    struct world *w = make_world();
    char folder[512];
    struct stat st;

    (void)state;
    path_in(w, "made", folder);
    w->settings.folder = folder;
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[512];
        path_in(w, files[i], path);
        CHECK_CASE(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, files[i]);
    }
    close_store(w);
}

static void one_process_holds_it_at_a_time(void **state)
{
    struct world *w = make_open_world();
    char text[512];
    char expected[600];
    struct buffer fault = buffer_over(text, sizeof(text) - 1);
    enum err err = ERR_NONE;

    (void)state;
    struct store *second = store_open(&w->settings, NOW, &err, &fault);
    CHECK_MADE(second == NULL && err != ERR_MEMORY ? w : NULL);
    assert_int_equal(err, ERR_BUSY);
    text[fault.len] = '\0';
    (void)snprintf(expected, sizeof(expected), "another tchind (pid %ld) uses %s", (long)getpid(),
                   w->settings.folder);
    assert_string_equal(text, expected);
    CHECK_MADE(open_store(w) ? w : NULL);
}

static void a_folder_that_cannot_be_made_is_a_fault(void **state)
{
    struct world *w = make_world();
    char folder[512];

    (void)state;
    path_in(w, "absent/made", folder);
    w->settings.folder = folder;
    CHECK_MADE(!open_store(w) && w->err != ERR_MEMORY ? w : NULL);
    check_fault(w, "cannot create %s: ", "No such file or directory");

    write_file(&(struct world){.settings.folder = check_folder()}, "file", "");
    (void)snprintf(folder, sizeof(folder), "%s/file", check_folder());
    assert_false(open_store(w));
    check_fault(w, "cannot write to %s/lock: ", "Not a directory");
}

static void a_file_that_is_no_database_is_left_alone(void **state)
{
    struct world *w = make_world();
    char text[64] = "";
    char path[512];

    (void)state;
    write_file(w, "tchin.db", "This is my diary, and it is not for everybody to read.");
    CHECK_MADE(!open_store(w) && w->err != ERR_MEMORY ? w : NULL);
    assert_int_equal(w->err, ERR_IO);
    check_fault(w, "cannot open %s/tchin.db: ", "file is not a database");
    path_in(w, "tchin.db", path);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    assert_non_null(fgets(text, sizeof(text), in));
    assert_int_equal(fclose(in), 0);
    assert_string_equal(text, "This is my diary, and it is not for everybody to read.");
}

static void databases_of_others_and_of_the_future_are_faults(void **state)
{
    static const struct {
        const char *sql;
        const char *fault;
    } cases[] = {
        {"CREATE TABLE cats (name)",                                     "it is a database of another program"},
        {"PRAGMA user_version = 1",                                      "it is a database of another program"},
        {"PRAGMA application_id = 7; PRAGMA user_version = 1",
         "it is a database of another program"                                                                },
        {"PRAGMA application_id = 1413695566; PRAGMA user_version = 99",
         "a newer tchind wrote it (its version is 99, ours 3)"                                                },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world *w = make_world();
        char path[512];
        run_sql(w, cases[i].sql);
        CHECK_MADE(!open_store(w) && w->err != ERR_MEMORY ? w : NULL);
        check_fault(w, "cannot open %s/tchin.db: ", cases[i].fault);
        path_in(w, "tchin.db", path);
        assert_int_equal(unlink(path), 0);
    }
}

static void damaged_rows_are_skipped_and_said(void **state)
{
    struct world *w = make_open_world();
    struct user user = {.aor = "alice", .aor_len = 5};
    struct user_login found;

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(user_add(w->store, &user), ERR_NONE);
    close_store(w);
    run_sql(w, "INSERT INTO location_log VALUES (NULL, x'');"
               "INSERT INTO location_log VALUES (NULL, x'01ffff0000');"
               "INSERT INTO location_log VALUES (NULL, 'text');"
               "INSERT INTO location_log VALUES (NULL, zeroblob(100000));"
               "INSERT INTO location_log VALUES (-5, 7);"
               "INSERT INTO user VALUES ('short', 0, x'00');"
               "INSERT INTO user VALUES ('', 0, zeroblob(192));"
               "INSERT INTO user VALUES (hex(zeroblob(128)), 0, zeroblob(192));"
               "INSERT INTO user VALUES ('many', 65536, zeroblob(192));"
               "INSERT INTO user VALUES ('minus', -1, zeroblob(192));"
               "INSERT INTO user VALUES (x'616c696365', 0, zeroblob(192));"
               "INSERT INTO alias VALUES ('a', 'nobody');"
               "INSERT INTO alias VALUES ('alice', 'alice');"
               "INSERT INTO alias VALUES ('ok', 'alice');");
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(count_in_log(w, "a damaged row of location_log"), 4);
    assert_int_equal(count_in_log(w, "a damaged row was skipped"), 7);
    assert_int_equal(user_count(w->store), 1);
    assert_true(
        user_find_login(w->store, SLICE("alice"), 0, (struct user_ha1_choice){0, 0}, &found));
    check_contacts(w, "alice", NOW, "sip:a");
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 2)), ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(find(w, "alice", NOW).items[0].cseq, 2);
}

static void a_log_without_room_for_more_rows_is_a_fault(void **state)
{
    struct world *w = make_open_world();

    (void)state;
    close_store(w);
    run_sql(w, "INSERT INTO location_log VALUES (9223372036854775807, x'0100000000')");
    CHECK_MADE(!open_store(w) && w->err != ERR_MEMORY ? w : NULL);
    assert_int_equal(w->err, ERR_MALFORMED);
}

static void a_secret_stays_what_it_was(void **state)
{
    struct world *w = make_open_world();
    unsigned char first[16] = {0};
    unsigned char again[16] = {0};
    unsigned char other[16] = {0};

    (void)state;
    assert_int_equal(store_secret(w->store, "a", first, sizeof(first)), ERR_NONE);
    assert_int_equal(store_secret(w->store, "b", other, sizeof(other)), ERR_NONE);
    assert_memory_not_equal(first, again, sizeof(first));
    assert_memory_not_equal(first, other, sizeof(first));
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(store_secret(w->store, "a", again, sizeof(again)), ERR_NONE);
    assert_memory_equal(first, again, sizeof(first));
    assert_int_equal(store_secret(w->store, "a", again, 8), ERR_MALFORMED);
}

static void what_is_remembered_is_recalled(void **state)
{
    struct world *w = make_open_world();
    char text[16];
    struct buffer out = buffer_over(text, sizeof(text));

    (void)state;
    assert_false(store_remembered(w->store, "domain", &out));
    assert_int_equal(store_remember(w->store, "domain", SLICE("example.com")), ERR_NONE);
    assert_int_equal(store_remember(w->store, "domain", SLICE("example.org")), ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_true(store_remembered(w->store, "domain", &out));
    CHECK_SLICE(buffer_slice(&out), "example.org");
    assert_false(store_remembered(w->store, "domain", &out)); /* no room for it */
}

CHECK_MAIN(CHECK_TEST(what_it_makes_is_for_its_owner_alone),
           CHECK_TEST(one_process_holds_it_at_a_time),
           CHECK_TEST(a_folder_that_cannot_be_made_is_a_fault),
           CHECK_TEST(a_file_that_is_no_database_is_left_alone),
           CHECK_TEST(databases_of_others_and_of_the_future_are_faults),
           CHECK_TEST(damaged_rows_are_skipped_and_said),
           CHECK_TEST(a_log_without_room_for_more_rows_is_a_fault),
           CHECK_TEST(a_secret_stays_what_it_was), CHECK_TEST(what_is_remembered_is_recalled))
