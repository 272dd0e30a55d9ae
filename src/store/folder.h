/* The data folder: made if it is not there, and held by one process at a time. */
#ifndef TCHIN_STORE_FOLDER_H
#define TCHIN_STORE_FOLDER_H

#include "base/buffer.h"
#include "base/err.h"

enum { FOLDER_MAX_PATH = 4096 };

/* The path of `file` in the folder, with a NUL at its end. False: it is too long. */
bool folder_path(const char *folder, const char *file, char out[FOLDER_MAX_PATH]) MUST_USE;

/* Takes the lock: `out` is a descriptor that holds it until it is closed. ERR_BUSY, ERR_IO. */
enum err folder_lock(const char *folder, int *out, struct buffer *fault) MUST_USE;

/* Sees to it that the file exists, and that nobody else can read it if it is new. */
enum err folder_make_file(const char *path, struct buffer *fault) MUST_USE;

/* Waits until what was written to the file is on the disk. */
bool folder_sync_file(const char *path) MUST_USE;

#endif
