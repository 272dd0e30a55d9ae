/*
 * What is counted: instructions between meter_start and meter_stop, and of these only those for
 * which the meter of the running thread is on. Each switch flips the state of its own thread.
 */
#ifndef TCHIN_COUNTS_METER_H
#define TCHIN_COUNTS_METER_H

#include <valgrind/callgrind.h>

static inline void meter_start(void)
{
    CALLGRIND_START_INSTRUMENTATION;
}

static inline void meter_stop(void)
{
    CALLGRIND_STOP_INSTRUMENTATION;
}

static inline void meter_on(void)
{
    CALLGRIND_TOGGLE_COLLECT;
}

static inline void meter_off(void)
{
    CALLGRIND_TOGGLE_COLLECT;
}

#endif
