/* Reading users and aliases from the database, when the store is opened. */
#ifndef TCHIN_STORE_USER_LOAD_H
#define TCHIN_STORE_USER_LOAD_H

#include "store/store.h"

/* What is damaged is skipped, and the log is told. ERR_IO: the database could not be read. */
enum err user_load(struct store *store) MUST_USE;

#endif
