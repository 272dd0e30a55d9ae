/*
 * Transactions: the bytes choose what a host does and what comes from the network, some of it the
 * bytes themselves; the promises of txn/table.h are asserted.
 */
#include "../unit/txn/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    model_run(bytes, len);
    return 0;
}
