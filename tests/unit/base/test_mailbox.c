/* Mail from many threads to one: each arrives once, in order, and no wake-up is lost. */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "base/mailbox.h"

enum { SENDERS = 4, LETTERS = 5000, PATIENCE_S = 20 };

/* What an owner sleeps on; `wake` of its mailbox. */
struct bed {
    pthread_mutex_t lock;
    pthread_cond_t called;
    bool is_called;
    int calls;
};

static void start_bed(struct bed *bed)
{
    *bed = (struct bed){.is_called = false};
    pthread_mutex_init(&bed->lock, NULL);
    pthread_cond_init(&bed->called, NULL);
}

static void call(void *waker)
{
    struct bed *bed = waker;

    pthread_mutex_lock(&bed->lock);
    bed->is_called = true;
    bed->calls++;
    pthread_cond_signal(&bed->called);
    pthread_mutex_unlock(&bed->lock);
}

/* False: nobody called, for longer than any machine is slow. */
static bool sleep_until_called(struct bed *bed)
{
    struct timespec until;
    int result = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&bed->lock);
    while (!bed->is_called && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&bed->called, &bed->lock, &until);
    bool was_called = bed->is_called;
    bed->is_called = false;
    pthread_mutex_unlock(&bed->lock);
    return was_called;
}

struct letter {
    struct mail mail;
    int sender;
    int number;
};

/* The owner, and how many letters of each sender it has. */
struct reader {
    int count[SENDERS];
    int total;
    bool in_order;
};

static void read_letter(struct mail *mail, void *owner)
{
    struct letter *letter = CONTAINER_OF(mail, struct letter, mail);
    struct reader *reader = owner;

    reader->in_order &= letter->number == reader->count[letter->sender];
    reader->count[letter->sender]++;
    reader->total++;
}

struct sender {
    struct mailbox *box;
    struct letter *letters;
    int id;
};

static void *send_all(void *argument)
{
    struct sender *sender = argument;

    for (int i = 0; i < LETTERS; i++) {
        sender->letters[i] = (struct letter){
            {NULL, read_letter},
            sender->id, i
        };
        mailbox_send(sender->box, &sender->letters[i].mail);
        if (i % 16 == sender->id) /* so that the owner finds nothing and sleeps */
            sched_yield();
    }
    return NULL;
}

static bool read_all(struct mailbox *box, struct bed *bed, const struct reader *reader)
{
    while (reader->total < SENDERS * LETTERS) {
        if (mailbox_deliver(box) || !mailbox_may_sleep(box))
            continue;
        if (!sleep_until_called(bed))
            return false;
    }
    return true;
}

static void all_mail_arrives_once_and_in_order(void **state)
{
    static struct letter letters[SENDERS][LETTERS]; /* too large for a stack */
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    struct reader reader = {.in_order = true};
    struct mailbox box;
    struct bed bed;

    (void)state;
    start_bed(&bed);
    mailbox_init(&box, &reader, call, &bed);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&box, letters[i], i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    bool no_call_was_lost = read_all(&box, &bed, &reader);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(no_call_was_lost);
    assert_true(reader.in_order);
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(reader.count[i], LETTERS);
    assert_false(mailbox_deliver(&box));
}

static void only_a_sleeper_is_woken_and_only_once(void **state)
{
    struct letter letters[3] = {
        {.mail.deliver = read_letter, .number = 0},
        {.mail.deliver = read_letter, .number = 1},
        {.mail.deliver = read_letter, .number = 2}
    };
    struct reader reader = {.in_order = true};
    struct mailbox box;
    struct bed bed;

    (void)state;
    start_bed(&bed);
    mailbox_init(&box, &reader, call, &bed);
    mailbox_send(&box, &letters[0].mail);
    assert_int_equal(bed.calls, 0);
    assert_false(mailbox_may_sleep(&box));
    assert_true(mailbox_deliver(&box));
    assert_true(mailbox_may_sleep(&box));
    mailbox_send(&box, &letters[1].mail);
    mailbox_send(&box, &letters[2].mail);
    assert_int_equal(bed.calls, 1);
    assert_true(mailbox_deliver(&box));
    assert_int_equal(reader.total, 3);
    assert_true(reader.in_order);
}

static void what_is_too_much_for_once_stays_in_order_and_keeps_awake(void **state)
{
    struct letter letters[5];
    struct reader reader = {.in_order = true};
    struct mailbox box;
    struct bed bed;

    (void)state;
    start_bed(&bed);
    mailbox_init(&box, &reader, call, &bed);
    for (int i = 0; i < 5; i++)
        letters[i] = (struct letter){.mail.deliver = read_letter, .number = i};
    for (int i = 0; i < 4; i++)
        mailbox_send(&box, &letters[i].mail);
    assert_true(mailbox_deliver_some(&box, 3));
    assert_int_equal(reader.total, 3);
    mailbox_send(&box, &letters[4].mail);
    assert_false(mailbox_may_sleep(&box));
    assert_true(mailbox_deliver_some(&box, 3));
    assert_int_equal(reader.total, 4);
    assert_false(mailbox_is_empty(&box));
    assert_true(mailbox_deliver_some(&box, 3));
    assert_int_equal(reader.total, 5);
    assert_true(reader.in_order);
    assert_true(mailbox_is_empty(&box));
    assert_false(mailbox_deliver_some(&box, 3));
    assert_true(mailbox_may_sleep(&box));
}

static void a_bag_arrives_in_order_and_wakes_once(void **state)
{
    struct letter letters[4];
    struct reader reader = {.in_order = true};
    struct mailbag bag = {0};
    struct mailbox box;
    struct bed bed;

    (void)state;
    start_bed(&bed);
    mailbox_init(&box, &reader, call, &bed);
    assert_true(mailbox_may_sleep(&box));
    mailbox_send_all(&box, &bag);
    assert_int_equal(bed.calls, 0);
    for (int i = 0; i < 4; i++) {
        letters[i] = (struct letter){.mail.deliver = read_letter, .number = i};
        mailbag_add(&bag, &letters[i].mail);
        if (i == 2)
            mailbox_send_all(&box, &bag); /* which may be filled again */
    }
    assert_int_equal(bed.calls, 1);
    mailbox_send_all(&box, &bag);
    assert_int_equal(bed.calls, 1);
    assert_true(mailbox_deliver(&box));
    assert_int_equal(reader.total, 4);
    assert_true(reader.in_order);
}

/* Sends itself on, twice. */
static void pass_on(struct mail *mail, void *owner)
{
    struct letter *letter = CONTAINER_OF(mail, struct letter, mail);

    if (letter->number-- > 0)
        mailbox_send(owner, mail);
}

static void what_is_sent_while_delivering_waits_for_the_next_time(void **state)
{
    struct letter letter = {.mail.deliver = pass_on, .number = 2};
    struct mailbox box;
    struct bed bed;

    (void)state;
    start_bed(&bed);
    mailbox_init(&box, &box, call, &bed);
    mailbox_send(&box, &letter.mail);
    for (int i = 0; i < 3; i++)
        assert_true(mailbox_deliver(&box));
    assert_false(mailbox_deliver(&box));
}

CHECK_MAIN(CHECK_TEST(all_mail_arrives_once_and_in_order),
           CHECK_TEST(only_a_sleeper_is_woken_and_only_once),
           CHECK_TEST(what_is_too_much_for_once_stays_in_order_and_keeps_awake),
           CHECK_TEST(a_bag_arrives_in_order_and_wakes_once),
           CHECK_TEST(what_is_sent_while_delivering_waits_for_the_next_time))
