/* The world of the counts for who wants to talk to it: tests/e2e/test_spelling.py. */
#ifndef TCHIN_COUNTS_TALK_H
#define TCHIN_COUNTS_TALK_H

/*
 * Reads "ADDRESS PORT LENGTH" and a line's end, then as many bytes: what the server receives from
 * there. Writes what it sends thereupon in the same form, and then an empty line. Two that are told
 * the same say the same. Ends with the input.
 */
void talk(void);

#endif
