/*
 * tchind as the hook of uacme, which runs it for every challenge: it puts the answer where our HTTP
 * listener finds it, and takes it away.
 */
#ifndef TCHIN_SERVER_ACME_HOOK_H
#define TCHIN_SERVER_ACME_HOOK_H

#include <stdbool.h>

#include "base/macros.h"

/* In the environment of uacme, and so of its hook: the folder of challenges. */
#define ACME_HOOK_FOLDER "TCHIN_ACME_CHALLENGES"

/* Whether this process is to be the hook. */
bool acme_hook_is_wanted(void);

/*
 * The words are as in uacme(1): method, type, identifier, token and key authorization. 0: it is
 * done; 1: this challenge is declined, as all but http-01 are.
 */
int acme_hook(int argc, char **argv) MUST_USE;

#endif
