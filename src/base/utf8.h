/* Whether bytes are text in UTF-8: RFC 3629. */
#ifndef TCHIN_BASE_UTF8_H
#define TCHIN_BASE_UTF8_H

#include "base/slice.h"

/* Without surrogates, without longer forms than needed, whole. Nothing is valid, too. */
bool utf8_is_valid(struct slice bytes) MUST_USE;

#endif
