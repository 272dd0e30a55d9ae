/* Many random lives of a table, the same ones each time. */
#include "model.h"

#include "check.h"

static void whatever_happens_the_promises_hold(void **state)
{
    enum { BYTES = 2000 };
    const struct hash_key key = {1, 2};
    /* Where allocations fail, all lives are lived again for each of them. */
    uint64_t lives = getenv("TCHIN_FAIL_ALLOCATIONS") != NULL ? 4 : 400;

    (void)state;
    for (uint64_t life = 0; life < lives; life++) {
        uint64_t bytes[BYTES / sizeof(uint64_t)];
        for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
            const uint64_t place[] = {life, i};
            bytes[i] = hash_bytes(&key, (struct slice){(const char *)place, sizeof(place)});
        }
        model_run((const uint8_t *)bytes, sizeof(bytes));
    }
}

CHECK_MAIN(CHECK_TEST(whatever_happens_the_promises_hold))
