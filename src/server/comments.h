/*
 * Blanks out comments ("#" and "//" to the end of the line, and those between slash and star) and
 * keeps the ends of lines: libconfuse 3.3 counts the lines of comments more than once, and takes
 * none inside of a list.
 */
#ifndef TCHIN_SERVER_COMMENTS_H
#define TCHIN_SERVER_COMMENTS_H

#include <stddef.h>

void comments_blank(char *text, size_t len);

#endif
