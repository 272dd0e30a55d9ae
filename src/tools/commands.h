/* The commands of tchin, each in the file of its name. They return exit codes. */
#ifndef TCHIN_TOOLS_COMMANDS_H
#define TCHIN_TOOLS_COMMANDS_H

int user_command(int argc, char **argv);
int user_import_command(int argc, char **argv);
int location_command(int argc, char **argv);
int ping_command(int argc, char **argv);
int load_command(int argc, char **argv);

#endif
