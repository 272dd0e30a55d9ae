/* The CPU time that a server has used so far: of a control group, or of one process. */
#ifndef TCHIN_TOOLS_LOAD_CPU_H
#define TCHIN_TOOLS_LOAD_CPU_H

#include "base/buffer.h"

struct load_cpu {
    uint64_t all_ns;
    uint64_t user_ns;
    uint64_t system_ns;
};

struct load_cpu_source {
    const char *cgroup; /* its folder, of version 1 (cpuacct) or 2; NULL: none */
    uint32_t pid;       /* 0: none */
};

static inline bool load_cpu_is_known(const struct load_cpu_source *source)
{
    return source->cgroup != NULL || source->pid != 0;
}

/* False: `fault` says what cannot be read. */
bool load_cpu_read(const struct load_cpu_source *source, struct load_cpu *out,
                   struct buffer *fault) MUST_USE;

/* Of this process. */
struct load_cpu load_cpu_own(void);

struct load_cpu load_cpu_between(const struct load_cpu *from, const struct load_cpu *to);

#endif
