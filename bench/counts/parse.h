/* The parser alone: a message read and checked, and the fields read that a server asks for. */
#ifndef TCHIN_COUNTS_PARSE_H
#define TCHIN_COUNTS_PARSE_H

void parse_long_invite(unsigned round, unsigned batch);
void parse_short_invite(unsigned round, unsigned batch);
void parse_register(unsigned round, unsigned batch);

#endif
