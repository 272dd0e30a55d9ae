/* tchind dns: the zone lines of the domains, and whether DNS has them. */
#ifndef TCHIN_SERVER_DNS_COMMAND_H
#define TCHIN_SERVER_DNS_COMMAND_H

#include "server/args.h"

/* Prints, and returns the exit code: 0 all is published and no more; 1 not so; 2 it cannot be told.
 */
int dns_command(struct args *args);

#endif
