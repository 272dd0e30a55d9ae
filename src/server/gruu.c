/*
 * public    = scheme aor ";gr=" instance, as RFC 5627 A.1 has it
 * temporary = scheme "tgruu." base64url( salt:8 seal:8 *secret ) "@" domain ";gr"
 * secret    = since-ms:8 instance-hash:8 user
 *
 * The seal is a keyed hash of salt and secret; the secret is hidden by what the same key makes of
 * the seal. So it is as in SIV (RFC 5297): what was changed anywhere does not open.
 */
#include "server/gruu.h"

#include "base/base64.h"
#include "sip/grammar.h"
#include "store/user.h"

enum { WORD = 8, SALT = 0, SEAL = WORD, SECRET = 2 * WORD, SINCE = SECRET, INSTANCE = 3 * WORD };
enum { USER = 4 * WORD, MAX_BYTES = USER + USER_MAX_NAME };

#define PREFIX SLICE("tgruu.")

static uint64_t hash_of_instance(const struct server *server, struct slice instance)
{
    return hash_bytes(&server->keys.gruu, instance);
}

static uint64_t seal_of(const struct server *server, struct slice bytes)
{
    const struct slice parts[] = {
        SLICE("seal"), {bytes.ptr + SALT, WORD},
         slice_after(bytes, SECRET)
    };

    return hash_slices(&server->keys.gruu, parts, ARRAY_LEN(parts));
}

/* Hides, and the second time shows again. */
static void mask(const struct server *server, char *bytes, size_t len)
{
    for (size_t at = SECRET; at < len; at += WORD) {
        const struct slice parts[] = {
            SLICE("mask"), {bytes,             SECRET    },
             {(const char *)&at, sizeof(at)}
        };
        uint64_t stream = hash_slices(&server->keys.gruu, parts, ARRAY_LEN(parts));
        const char *stream_bytes = (const char *)&stream;
        for (size_t i = 0; i < WORD && at + i < len; i++)
            bytes[at + i] ^= stream_bytes[i];
    }
}

/* --- writing -----------------------------------------------------------------------------------
 */

/* paramchar, and the rest escaped: RFC 3261 25.1 */
static void write_escaped(struct slice text, struct buffer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (sip_char_is(text.ptr[i], CHAR_PARAM)) {
            buffer_add_char(out, text.ptr[i]);
        } else {
            buffer_add_char(out, '%');
            buffer_add_hex(out, &text.ptr[i], 1);
        }
    }
}

/* That of the contact: RFC 5630 5.2.1. Each of the two schemes is understood. */
static struct slice scheme_for(const struct binding *binding)
{
    return sip_uri_is_sips(binding->contact) ? SLICE("sips:") : SLICE("sip:");
}

void gruu_write_public(struct slice aor, const struct binding *binding, struct buffer *out)
{
    buffer_add(out, scheme_for(binding));
    buffer_add(out, aor);
    buffer_add(out, SLICE(";gr="));
    write_escaped(binding->instance, out);
}

static void put_word(char *to, uint64_t word)
{
    memcpy(to, &word, WORD);
}

void gruu_write_temporary(const struct server *server, struct slice aor,
                          const struct binding *binding, struct buffer *out)
{
    size_t user_len = slice_find(aor, '@');
    size_t len = USER + user_len;
    char bytes[MAX_BYTES];

    if (len > MAX_BYTES) {
        out->overflowed = true;
        return;
    }
    server_random(bytes + SALT, WORD);
    put_word(bytes + SINCE, binding->since_ms);
    put_word(bytes + INSTANCE, hash_of_instance(server, binding->instance));
    memcpy(bytes + USER, aor.ptr, user_len);
    put_word(bytes + SEAL, seal_of(server, (struct slice){bytes, len}));
    mask(server, bytes, len);
    buffer_add(out, scheme_for(binding));
    buffer_add(out, PREFIX);
    base64_write((struct slice){bytes, len}, out);
    buffer_add(out, slice_after(aor, user_len));
    buffer_add(out, SLICE(";gr"));
}

/* --- reading -----------------------------------------------------------------------------------
 */

bool gruu_is_meant(const struct sip_uri *uri)
{
    struct slice gr;

    return uri->params.len > 0 && sip_uri_param(uri, SLICE("gr"), &gr);
}

static bool read_public(const struct sip_uri *uri, struct slice gr, struct arena *arena,
                        struct gruu *out)
{
    char *memory = arena_alloc(arena, gr.len);

    if (memory == NULL)
        return false;
    struct buffer instance = buffer_over(memory, gr.len);
    sip_uri_unescape(gr, &instance);
    *out = (struct gruu){.user = uri->user, .instance = buffer_slice(&instance)};
    return true;
}

static bool read_temporary(const struct server *server, const struct sip_uri *uri,
                           struct arena *arena, struct gruu *out)
{
    char *memory = arena_alloc(arena, MAX_BYTES);
    struct buffer bytes = buffer_over(memory, memory != NULL ? MAX_BYTES : 0);

    if (!slice_starts_with(uri->user, PREFIX)
        || !base64_read(slice_after(uri->user, PREFIX.len), &bytes) || bytes.len <= USER)
        return false;
    mask(server, memory, bytes.len);
    uint64_t seal = seal_of(server, buffer_slice(&bytes));
    if (!slice_equal_secret((struct slice){memory + SEAL, WORD},
                            (struct slice){(const char *)&seal, WORD}))
        return false;
    *out = (struct gruu){.user = slice_after(buffer_slice(&bytes), USER),
                         .instance_hash = load_word(memory + INSTANCE),
                         .since_ms = load_word(memory + SINCE),
                         .is_temporary = true};
    return true;
}

bool gruu_read(const struct server *server, const struct sip_uri *uri, struct arena *arena,
               struct gruu *out)
{
    struct slice gr;

    if (!sip_uri_param(uri, SLICE("gr"), &gr))
        return false;
    return gr.len > 0 ? read_public(uri, gr, arena, out) : read_temporary(server, uri, arena, out);
}

static bool is_of(const struct server *server, const struct gruu *gruu,
                  const struct binding *binding)
{
    if (binding->instance.len == 0)
        return false;
    return gruu->is_temporary ? hash_of_instance(server, binding->instance) == gruu->instance_hash
                              : slice_equal_nocase(binding->instance, gruu->instance);
}

bool gruu_choose(const struct server *server, const struct gruu *gruu,
                 struct binding_list *bindings)
{
    uint64_t newest_ms = 0;
    size_t count = 0;

    for (size_t i = 0; i < bindings->count; i++) {
        if (!is_of(server, gruu, &bindings->items[i]))
            continue;
        bindings->items[count] = bindings->items[i];
        if (bindings->items[count].since_ms > newest_ms)
            newest_ms = bindings->items[count].since_ms;
        count++;
    }
    bindings->count = count;
    return !gruu->is_temporary || (count > 0 && gruu->since_ms == newest_ms);
}
