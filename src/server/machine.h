/* What the machine has to give: the memory that defaults of ceilings are a share of. */
#ifndef TCHIN_SERVER_MACHINE_H
#define TCHIN_SERVER_MACHINE_H

#include <stdint.h>

/* Of the machine, or of the control group that this process is in, if that may have less. */
uint64_t machine_memory_bytes(void);

/*
 * What the control groups allow that `groups_file` names, in the form of /proc/self/cgroup, with
 * their folders below `root`. UINT64_MAX: no limit, or none that can be read.
 */
uint64_t machine_group_limit(const char *groups_file, const char *root);

#endif
