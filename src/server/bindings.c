/* Times are told as what is left of them, rounded up. */
#include "server/bindings.h"

#include "server/gruu.h"
#include "sip/build.h"

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */
static void write_q(unsigned thousandths, struct buffer *out)
{
    const char q[] = {(char)('0' + thousandths / 1000), '.', (char)('0' + thousandths / 100 % 10),
                      (char)('0' + thousandths / 10 % 10), (char)('0' + thousandths % 10)};

    buffer_add(out, SLICE(";q="));
    buffer_add(out, (struct slice){q, sizeof(q)});
}

static void write_gruu(const char *name, const struct buffer *gruu, struct buffer *out)
{
    if (gruu->overflowed)
        return;
    buffer_add_text(out, name);
    buffer_add(out, SLICE("=\""));
    buffer_add(out, buffer_slice(gruu));
    buffer_add(out, SLICE("\""));
}

static void write_gruus(const struct server *server, struct slice aor,
                        const struct binding *binding, struct buffer *out)
{
    char text[GRUU_MAX_TEXT];
    struct buffer gruu = buffer_over(text, sizeof(text));

    gruu_write_public(aor, binding, &gruu);
    write_gruu(";pub-gruu", &gruu, out);
    gruu = buffer_over(text, sizeof(text));
    gruu_write_temporary(server, aor, binding, &gruu);
    write_gruu(";temp-gruu", &gruu, out);
}

/* Contact: <...>;q=...;expires=... and what else was said of it */
static void write_contact_line(struct worker *w, const struct binding *binding,
                               struct slice gruu_aor, struct buffer *out)
{
    buffer_add(out, SLICE("Contact: <"));
    buffer_add(out, binding->contact);
    buffer_add(out, SLICE(">"));
    if (binding->has_q)
        write_q(binding->q_thousandths, out);
    buffer_add(out, SLICE(";expires="));
    buffer_add_u64(out, (binding->expires_at_ms - w->wall_ms + 999) / 1000);
    buffer_add(out, binding->params);
    if (gruu_aor.len > 0 && binding->instance.len > 0)
        write_gruus(w->server, gruu_aor, binding, out);
    buffer_add(out, SLICE("\r\n"));
}

void bindings_write(struct worker *w, const struct binding_list *bindings, struct slice gruu_aor,
                    struct slice lines, struct buffer *out)
{
    for (size_t i = 0; i < bindings->count; i++)
        write_contact_line(w, &bindings->items[i], gruu_aor, out);
    buffer_add(out, lines);
    sip_build_header(out, SLICE("Date"), date_at(&w->date, w->wall_ms));
}
