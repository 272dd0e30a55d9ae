/* tchin: the tool. What it can do is in the table. */
#include <signal.h>
#include <stdio.h>

#include "tools/command.h"
#include "tools/commands.h"

static const char help[] = "Usage: tchin user|location|ping|load ...\n"
                           "\n"
                           "  user        who may register and call\n"
                           "  location    where users can be reached\n"
                           "  ping        asks a SIP server whether it is there\n"
                           "  load        how fast a SIP server is\n"
                           "\n"
                           "Each has --help. --version says which tchin this is. See tchin(1).\n";

static int version(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("tchin " TCHIN_VERSION);
    return DONE;
}

int main(int argc, char **argv)
{
    static const struct command commands[] = {
        {"user",      user_command    },
        {"location",  location_command},
        {"ping",      ping_command    },
        {"load",      load_command    },
        {"--version", version         },
    };
    signal(SIGPIPE, SIG_DFL);

    int status = command_run(commands, ARRAY_LEN(commands), help, argc, argv);
    if (fflush(stdout) != 0 && status == DONE)
        status = FAILED;
    return status;
}
