/* Looking at files by their stamps, reading them, and writing the first ones for a lab. */
#include "server/certificate_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

#include "net/tls_identity.h"
#include "net/tls_self_signed.h"

enum { MAX_FILE_BYTES = 1 << 20, MAX_PEM_BYTES = 8192 };

static void set_name(char *out, const char *chosen, const struct settings *settings,
                     const struct domain_settings *domain, const char *usual)
{
    if (chosen[0] != '\0')
        snprintf(out, CERTIFICATE_FILES_MAX_NAME, "%s", chosen);
    else
        snprintf(out, CERTIFICATE_FILES_MAX_NAME, "%s/tls/%s/%s", settings->data_folder,
                 domain->name, usual);
}

void certificate_files_init(struct certificate_files *files, const struct settings *settings,
                            const struct domain_settings *domain)
{
    *files = (struct certificate_files){0};
    memcpy(files->domain, domain->name, sizeof(files->domain));
    set_name(files->certificate_name, domain->certificate, settings, domain, "cert.pem");
    set_name(files->key_name, domain->key, settings, domain, "key.pem");
}

static void forget_key(struct bytes *key)
{
    if (key->len > 0)
        OPENSSL_cleanse(key->ptr, key->len);
    bytes_free(key);
}

void certificate_files_fini(struct certificate_files *files)
{
    bytes_free(&files->certificate);
    forget_key(&files->key);
}

/* --- looking ---------------------------------------------------------------------------------- */

static struct file_stamp stamp_of(const char *name)
{
    struct stat status;

    if (stat(name, &status) != 0)
        return (struct file_stamp){0};
    return (struct file_stamp){status.st_mtim, status.st_ino, status.st_size};
}

static bool same_stamp(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec
           && a->inode == b->inode && a->bytes == b->bytes;
}

static bool same_stamps(const struct file_stamp a[2], const struct file_stamp b[2])
{
    return same_stamp(&a[0], &b[0]) && same_stamp(&a[1], &b[1]);
}

bool certificate_files_are_missing(const struct certificate_files *files)
{
    return access(files->certificate_name, F_OK) != 0 && access(files->key_name, F_OK) != 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool read_file(const char *name, struct bytes *out, struct buffer *fault)
{
    static char text[MAX_FILE_BYTES]; /* of the main thread */
    FILE *file = fopen(name, "re");

    if (file == NULL) {
        buffer_printf(fault, "cannot read %.300s: %s", name, strerrordesc_np(errno));
        return false;
    }
    setbuf(file, NULL); /* or a key would stay behind in it */
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    bool ok = bytes_copy(out, (struct slice){text, len});
    OPENSSL_cleanse(text, len);
    if (!ok)
        buffer_add_text(fault, "out of memory");
    return ok;
}

/* Whether they can be used; when the certificate ends. */
static bool judge(const struct certificate_files *files, struct slice certificate, struct slice key,
                  int64_t *ends_s, struct buffer *fault)
{
    struct tls_identities *trial = tls_identities_new();

    if (trial == NULL) {
        buffer_add_text(fault, "out of memory");
        return false;
    }
    bool ok = tls_identities_add(trial, slice_of(files->domain), certificate, key, fault);
    if (ok)
        *ends_s = tls_identity_ends_s(tls_identities_choose(trial, SLICE_NONE));
    tls_identities_free(trial);
    return ok;
}

static enum certificate_news read_both(struct certificate_files *files, struct buffer *fault)
{
    struct bytes certificate = {0}, key = {0};

    if (!read_file(files->certificate_name, &certificate, fault)
        || !read_file(files->key_name, &key, fault)
        || !judge(files, bytes_slice(&certificate), bytes_slice(&key), &files->ends_s, fault)) {
        bytes_free(&certificate);
        forget_key(&key);
        return CERTIFICATE_IS_BROKEN;
    }
    certificate_files_fini(files);
    files->certificate = certificate;
    files->key = key;
    return CERTIFICATE_IS_NEW;
}

enum certificate_news certificate_files_look(struct certificate_files *files, bool at_once,
                                             struct buffer *fault)
{
    const struct file_stamp now[2] = {stamp_of(files->certificate_name), stamp_of(files->key_name)};
    bool is_settled = at_once || same_stamps(now, files->seen);

    memcpy(files->seen, now, sizeof(now));
    if (!is_settled || same_stamps(now, files->tried))
        return CERTIFICATE_AS_BEFORE;
    memcpy(files->tried, now, sizeof(now));
    return certificate_files_are_missing(files) ? CERTIFICATE_IS_MISSING : read_both(files, fault);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The folders that a name of a file lies in, from the last two on. */
static bool make_folders(const char *name)
{
    char folder[CERTIFICATE_FILES_MAX_NAME];
    char *slash;

    snprintf(folder, sizeof(folder), "%s", name);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        return true;
    *slash = '\0';
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return true;
    slash = strrchr(folder, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return false;
    *slash = '/';
    return mkdir(folder, 0700) == 0;
}

static bool write_file(const char *name, struct slice text, struct buffer *fault)
{
    int fd = make_folders(name) ? open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    bool ok = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;

    if (!ok)
        buffer_printf(fault, "cannot write %.300s: %s", name, strerrordesc_np(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

bool certificate_files_make(const struct certificate_files *files, struct buffer *fault)
{
    char certificate_text[MAX_PEM_BYTES], key_text[MAX_PEM_BYTES];
    struct buffer certificate = buffer_over(certificate_text, sizeof(certificate_text));
    struct buffer key = buffer_over(key_text, sizeof(key_text));

    if (!tls_self_signed_make(slice_of(files->domain), &certificate, &key)) {
        buffer_printf(fault, "a certificate for %s cannot be made", files->domain);
        return false;
    }
    bool ok = write_file(files->key_name, buffer_slice(&key), fault)
              && write_file(files->certificate_name, buffer_slice(&certificate), fault);
    OPENSSL_cleanse(key_text, sizeof(key_text));
    return ok;
}
