/* Which of the two it is, and where. */
#include "tools/keeper.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define USUAL_FOLDER   "./tchin-data"
#define SERVICE_FOLDER "/var/lib/tchin"

/* Another tool at work is waited for; so is a server that has the lock and no socket yet. */
enum { PATIENCE_MS = 5000, RETRY_MS = 50 };

static bool has_database(const char *folder)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/tchin.db", folder);

    return len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0;
}

static const char *usual_folder(void)
{
    return !has_database(USUAL_FOLDER) && has_database(SERVICE_FOLDER) ? SERVICE_FOLDER
                                                                       : USUAL_FOLDER;
}

static void nap(void)
{
    const struct timespec time = {.tv_nsec = RETRY_MS * 1000000L};

    nanosleep(&time, NULL);
}

struct keeper *keeper_open(const char *folder, bool may_create, struct buffer *fault)
{
    enum err err = ERR_BUSY;

    if (folder == NULL)
        folder = usual_folder();
    if (!may_create && !has_database(folder)) {
        buffer_printf(fault, "there is no database in %.300s: name its folder with --data", folder);
        return NULL;
    }
    for (int waited_ms = 0; err == ERR_BUSY && waited_ms < PATIENCE_MS; waited_ms += RETRY_MS) {
        if (waited_ms > 0)
            nap();
        fault->len = 0;
        struct keeper *keeper = keeper_socket_open(folder, fault);
        if (keeper != NULL || fault->len > 0)
            return keeper;
        keeper = keeper_store_open(folder, &err, fault);
        if (keeper != NULL)
            return keeper;
    }
    if (err == ERR_BUSY)
        buffer_add_text(fault, " and does not answer: try again, or look at its log");
    return NULL;
}

void keeper_close(struct keeper *keeper)
{
    if (keeper != NULL)
        keeper->ways->close(keeper);
}
