/* Times are told as what is left of them, rounded up. */
#include "server/bindings.h"

#include "sip/build.h"

enum { CONTACT_EXTRA_BYTES = 64, OTHER_BYTES = 128 };

size_t bindings_max_bytes(const struct binding_list *bindings, struct slice path)
{
    size_t bytes = OTHER_BYTES + path.len;

    for (size_t i = 0; i < bindings->count; i++)
        bytes +=
            bindings->items[i].contact.len + bindings->items[i].params.len + CONTACT_EXTRA_BYTES;
    return bytes;
}

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */
static void write_q(unsigned thousandths, struct buffer *out)
{
    const char q[] = {(char)('0' + thousandths / 1000), '.', (char)('0' + thousandths / 100 % 10),
                      (char)('0' + thousandths / 10 % 10), (char)('0' + thousandths % 10)};

    buffer_add(out, SLICE(";q="));
    buffer_add(out, (struct slice){q, sizeof(q)});
}

/* Contact: <...>;q=...;expires=... and what else was said of it */
static void write_contact_line(const struct binding *binding, uint64_t now_ms, struct buffer *out)
{
    buffer_add(out, SLICE("Contact: <"));
    buffer_add(out, binding->contact);
    buffer_add(out, SLICE(">"));
    if (binding->has_q)
        write_q(binding->q_thousandths, out);
    buffer_add(out, SLICE(";expires="));
    buffer_add_u64(out, (binding->expires_at_ms - now_ms + 999) / 1000);
    buffer_add(out, binding->params);
    buffer_add(out, SLICE("\r\n"));
}

void bindings_write(struct worker *w, const struct binding_list *bindings, struct slice path,
                    struct buffer *out)
{
    for (size_t i = 0; i < bindings->count; i++)
        write_contact_line(&bindings->items[i], w->wall_ms, out);
    if (path.len > 0)
        sip_build_header(out, SLICE("Path"), path);
    sip_build_header(out, SLICE("Date"), date_at(&w->date, w->wall_ms));
}
