/*
 * What stands in the hosts file is all there is of those names: no DNS is asked for services of
 * theirs, which a laboratory without DNS could not answer. So it is for the first 1000 names.
 */
#ifndef TCHIN_NET_HOSTS_H
#define TCHIN_NET_HOSTS_H

struct ub_ctx;

/* Before the first question. Without such a file nothing is added. */
void hosts_add(struct ub_ctx *unbound, const char *file);

#endif
