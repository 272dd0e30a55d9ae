/* Data of NAPTR and SRV records: what is read, written again as it comes from the wire, is the
 * same.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "net/dns_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void write_u16(uint16_t value, struct buffer *out)
{
    buffer_add_char(out, (char)(value >> 8));
    buffer_add_char(out, (char)value);
}

static void write_string(struct slice text, struct buffer *out)
{
    buffer_add_char(out, (char)text.len);
    buffer_add(out, text);
}

static void write_name(const struct dns_name *name, struct buffer *out)
{
    struct slice rest = slice_of(name->text);

    assert(rest.len > 0 && rest.len <= 253);
    while (rest.len > 0 && !slice_equal(rest, SLICE("."))) {
        struct slice label = {rest.ptr, slice_find(rest, '.')};
        assert(label.len > 0 && label.len <= 63);
        write_string(label, out);
        rest = slice_after(rest, label.len + 1);
    }
    buffer_add_char(out, '\0');
}

static void check_srv(struct slice rdata, struct buffer *out)
{
    struct dns_srv srv;

    if (!dns_srv_read(rdata, &srv))
        return;
    write_u16(srv.priority, out);
    write_u16(srv.weight, out);
    write_u16(srv.port, out);
    write_name(&srv.target, out);
    assert(slice_equal(buffer_slice(out), rdata));
}

static void check_naptr(struct slice rdata, struct buffer *out)
{
    struct dns_naptr naptr;

    if (!dns_naptr_read(rdata, &naptr))
        return;
    write_u16(naptr.order, out);
    write_u16(naptr.preference, out);
    write_string(naptr.flags, out);
    write_string(naptr.services, out);
    write_string(naptr.regexp, out);
    write_name(&naptr.replacement, out);
    assert(slice_equal(buffer_slice(out), rdata));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct slice rdata = {(const char *)bytes, count};
    char memory[2048];
    struct buffer srv = buffer_over(memory, sizeof(memory));
    struct buffer naptr = buffer_over(memory, sizeof(memory));

    check_srv(rdata, &srv);
    check_naptr(rdata, &naptr);
    return 0;
}
