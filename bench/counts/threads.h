/*
 * The store's threads, one at a time: each runs when it is its turn and until it would sleep, so
 * that what it finds to do does not depend on the scheduler. threads.c stands in for the functions
 * of pthread.h and semaphore.h by which a thread begins and waits.
 */
#ifndef TCHIN_COUNTS_THREADS_H
#define TCHIN_COUNTS_THREADS_H

/* The main thread: each of the others has its turn, in the order in which they were made. */
void threads_take_turns(void);

#endif
