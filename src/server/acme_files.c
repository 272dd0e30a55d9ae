/* Files of at most some kilobytes, read and written at once by the main thread. */
#include "server/acme_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PATH_BYTES = 5000, MAX_FILE_BYTES = 64 * 1024 };

static bool write_path(char out[MAX_PATH_BYTES], const char *data, const char *folder,
                       const char *domain, const char *name)
{
    int len = snprintf(out, MAX_PATH_BYTES, "%s/%s/%s/%s", data, folder, domain, name);

    return len > 0 && len < MAX_PATH_BYTES;
}

bool acme_files_path(const char *data, const char *folder, struct buffer *out)
{
    buffer_add_text(out, data);
    buffer_add_char(out, '/');
    buffer_add_text(out, folder);
    buffer_add_char(out, '\0');
    return !out->overflowed;
}

static bool complain(const char *verb, const char *path, struct buffer *fault)
{
    buffer_printf(fault, "cannot %s %.300s: %s", verb, path, strerrordesc_np(errno));
    return false;
}

static bool make_folder(const char *path, struct buffer *fault)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST || complain("make", path, fault);
}

/* --- challenges --------------------------------------------------------------------------------
 */

/* What an attempt that was cut short has left. */
static void empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
}

bool acme_files_begin(const char *data, struct buffer *fault)
{
    char path[MAX_PATH_BYTES];
    struct buffer text = buffer_over(path, sizeof(path));

    if (!acme_files_path(data, ACME_CHALLENGES, &text))
        return false;
    empty_folder(path);
    return make_folder(path, fault);
}

/* --- certificates ------------------------------------------------------------------------------
 */

static uint64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;
    time_t seconds = ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : 0;

    return seconds > 0 ? (uint64_t)seconds : 0;
}

static struct acme_validity validity_of(X509 *certificate, const char *domain)
{
    bool is_own = X509_check_issued(certificate, certificate) == X509_V_OK;

    if (is_own || X509_check_host(certificate, domain, 0, 0, NULL) != 1)
        return (struct acme_validity){0};
    return (struct acme_validity){seconds_of(X509_get0_notBefore(certificate)),
                                  seconds_of(X509_get0_notAfter(certificate))};
}

/* Of the first certificate in the file. */
static struct acme_validity read_validity(const char *data, const char *folder, const char *domain)
{
    char path[MAX_PATH_BYTES];
    struct acme_validity validity = {0};

    FILE *file = write_path(path, data, folder, domain, "cert.pem") ? fopen(path, "re") : NULL;
    if (file == NULL)
        return validity;
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    if (certificate != NULL)
        validity = validity_of(certificate, domain);
    X509_free(certificate);
    return validity;
}

struct acme_validity acme_files_in_use(const char *data, const char *domain)
{
    return read_validity(data, "tls", domain);
}

struct acme_validity acme_files_got(const char *data, const char *domain)
{
    return read_validity(data, ACME_ACCOUNT, domain);
}

/* --- installing --------------------------------------------------------------------------------
 */

static bool read_whole(const char *path, char bytes[MAX_FILE_BYTES], size_t *len,
                       struct buffer *fault)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return complain("read", path, fault);
    *len = fread(bytes, 1, MAX_FILE_BYTES, file);
    bool is_whole = !ferror(file) && *len > 0 && *len < MAX_FILE_BYTES;
    fclose(file);
    if (!is_whole)
        buffer_printf(fault, "%.300s is empty, or very long", path);
    return is_whole;
}

static bool write_all(const char *path, struct slice bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    bool ok = write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len && fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return ok;
}

static bool copy_whole(const char *from, const char *to, struct buffer *fault)
{
    char bytes[MAX_FILE_BYTES], fresh[MAX_PATH_BYTES + 8];
    size_t len;

    if (!read_whole(from, bytes, &len, fault))
        return false;
    (void)snprintf(fresh, sizeof(fresh), "%s.new", to);
    return (write_all(fresh, (struct slice){bytes, len}) && rename(fresh, to) == 0)
           || complain("write", to, fault);
}

bool acme_files_install(const char *data, const char *domain, struct buffer *fault)
{
    static const struct {
        const char *folder; /* of the client */
        const char *name;
    } files[] = {
        {ACME_ACCOUNT "/private", "key.pem" },
        {ACME_ACCOUNT,            "cert.pem"}
    };
    char from[MAX_PATH_BYTES], to[MAX_PATH_BYTES];

    if (!write_path(to, data, "tls", "", "") || !make_folder(to, fault)
        || !write_path(to, data, "tls", domain, "") || !make_folder(to, fault))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (!write_path(from, data, files[i].folder, domain, files[i].name)
            || !write_path(to, data, "tls", domain, files[i].name) || !copy_whole(from, to, fault))
            return false;
    }
    return true;
}
