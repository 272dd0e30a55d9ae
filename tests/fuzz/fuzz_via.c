/* A stamped Via parses, says what was stamped, and stamped once more it stays as it is. */
#include <assert.h>

#include "sip/via.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { MAX_STAMP = 64, MAX_VALUE = 4096, PORT = 40000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char first[MAX_VALUE + MAX_STAMP], second[MAX_VALUE + MAX_STAMP];
    struct buffer once = buffer_over(first, sizeof(first));
    struct buffer twice = buffer_over(second, sizeof(second));
    struct slice value = {(const char *)bytes, len};
    struct slice source = SLICE("2001:db8::9:255");
    struct sip_via via, stamped;

    if (len > MAX_VALUE || !sip_via_parse(value, &via))
        return 0;
    sip_via_stamp(&via, value, source, PORT, &once);
    assert(!once.overflowed && sip_via_parse(buffer_slice(&once), &stamped));
    assert(slice_equal(stamped.host, via.host) && slice_equal(stamped.branch, via.branch));
    assert(stamped.port == via.port && stamped.wants_rport == via.wants_rport);
    assert(!via.wants_rport || stamped.rport == PORT);
    assert(slice_equal_nocase(via.host, source) || slice_equal(stamped.received, source));

    sip_via_stamp(&stamped, buffer_slice(&once), source, PORT, &twice);
    assert(slice_equal(buffer_slice(&twice), buffer_slice(&once)));
    return 0;
}
