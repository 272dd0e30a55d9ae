/*
 * All bindings of one address of record in one piece of memory: what the index points to, and byte
 * for byte what the database keeps. A database is hostile input, so every length is checked.
 *
 *     record  = version:1 binding-count:2 aor-len:2 aor *binding
 *     binding = expires-at-ms:8 cseq:4 q:2 7*len:2 contact params call-id path flow user-agent
 *               instance [ reg-id:4 since-ms:8 ]
 *
 * The last two are there if there is an instance. Version 1 knew neither that nor them; it is read,
 * and written no more.
 *
 * Numbers are little-endian; the highest bit of q says that one was given. Bindings are in the
 * order in which they are found. A record without bindings says that there are none any more.
 */
#ifndef TCHIN_STORE_RECORD_H
#define TCHIN_STORE_RECORD_H

#include "base/map.h"
#include "store/location.h"

enum { RECORD_MAX_BYTES = 1 << 18 };

/*
 * Once it is in the index, it changes under the lock of its shard alone. Its length and what stands
 * before its bindings never change, so the writer reads those without.
 */
struct record {
    struct map_node node;
    int64_t log_id; /* the row that it was last written into; 0: none; for the writer alone */
    uint32_t len;
    uint32_t request : 24; /* that has refreshed it, as location_changes have it; 0: not known */
    uint32_t note : 8;     /* the n-th of its shard unwritten; 0: it is written; see unwritten.h */
    char packed[];
};

/* How long the record will be. 0: more than a record may hold. */
size_t record_size(struct slice aor, const struct binding_list *bindings);

/* Packs into as many bytes. */
void record_write(struct slice aor, const struct binding_list *bindings, char *to);

/* ERR_FULL: more than a record may hold; ERR_MEMORY. `out` is untouched then. */
enum err record_new(struct slice aor, const struct binding_list *bindings,
                    struct record **out) MUST_USE;

/* Whether `binding` can be written over the only binding of a record, in place; and doing so. */
bool record_only_fits(const struct record *record, const struct binding *binding);
void record_set_only(struct record *record, const struct binding *binding);

/* A record of bytes that record_measure found to be one. NULL: no memory. */
struct record *record_copy(struct slice packed) MUST_USE;

static inline struct slice record_bytes(const struct record *record)
{
    return (struct slice){record->packed, record->len};
}

/* Reading: open it, then take one binding after the other. Slices point into the bytes. */
struct record_reader {
    struct slice aor;
    size_t texts; /* of each binding: fewer in a record of version 1 */
    size_t bindings_left;
    struct slice rest;
};

/* False: not the beginning of a record; `out` untouched. */
bool record_open(struct slice bytes, struct record_reader *out) MUST_USE;

/* False: that was the last one, `out` untouched; or it is not whole, `out` of no meaning. */
bool record_next(struct record_reader *reader, struct binding *out) MUST_USE;

/* How long the record is with which `bytes` begin. False: they begin with none. */
bool record_measure(struct slice bytes, size_t *len) MUST_USE;

/* Of the bytes of a record: its address of record, and how many bindings. */
struct slice record_aor(struct slice packed);
size_t record_binding_count(struct slice packed);

/* Whether no binding is valid at `now_ms` any more. */
bool record_is_over(struct slice packed, uint64_t now_ms);

/* The bindings valid at `now_ms`, in memory of `arena`, their slices in `packed`. False: no room.
 */
bool record_list(struct slice packed, uint64_t now_ms, struct arena *arena,
                 struct binding_list *out) MUST_USE;

/* The same with all its bindings, those to be removed and those that are over included. */
bool record_list_all(struct slice packed, struct arena *arena, struct binding_list *out) MUST_USE;

#endif
