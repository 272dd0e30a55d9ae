/*
 * The packed record of bindings, as a hostile database may hold it. What is found to be a record
 * stays within its bytes, and packing what it says gives the same bytes again, unless they were of
 * the first version.
 */
#include <assert.h>
#include <stdlib.h>

#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void check_repacked(struct slice packed, struct arena *arena)
{
    struct binding_list all;
    struct record *again = NULL;

    /* One that expires at 0 is valid at no time, and is left out. */
    bool listed = record_list(packed, 0, arena, &all);
    assert(listed && all.count <= record_binding_count(packed));
    assert(record_is_over(packed, 0) == (all.count == 0));
    if (all.count < record_binding_count(packed))
        return;
    bool is_of_first_version = packed.ptr[0] == 1;
    enum err err = record_new(record_aor(packed), &all, &again);
    assert(
        (is_of_first_version && err == ERR_FULL)
        || (err == ERR_NONE && (is_of_first_version || slice_equal(record_bytes(again), packed))));
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct slice input = {(const char *)bytes, count};
    struct arena *arena = arena_new(1 << 12, 1 << 24);
    size_t len = 0;

    while (input.len > 0 && record_measure(input, &len)) {
        assert(len > 0 && len <= input.len);
        check_repacked((struct slice){input.ptr, len}, arena);
        arena_reset(arena);
        input = slice_after(input, len);
    }
    arena_free(arena);
    return 0;
}
