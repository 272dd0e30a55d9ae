/* Text between gaps, and which gap it is that follows. */
#include "tools/load_template.h"

#include <assert.h>

static const struct slice names[FIELD_COUNT] = {
    [FIELD_DOMAIN] = SLICE("domain"), [FIELD_TRANSPORT] = SLICE("transport"),
    [FIELD_PARAM] = SLICE("param"),   [FIELD_EXPIRES] = SLICE("expires"),
    [FIELD_RUN] = SLICE("run"),       [FIELD_ID] = SLICE("id"),
    [FIELD_STEP] = SLICE("step"),     [FIELD_CSEQ] = SLICE("cseq"),
    [FIELD_CALLEE] = SLICE("callee"), [FIELD_CALLER] = SLICE("caller"),
    [FIELD_LOCAL] = SLICE("local"),   [FIELD_CONTACT] = SLICE("contact"),
    [FIELD_LOGIN] = SLICE("login"),   [FIELD_TARGET] = SLICE("target"),
    [FIELD_ROUTES] = SLICE("routes"), [FIELD_TO] = SLICE("to"),
};

static enum load_field field_named(struct slice name)
{
    for (int field = 0; field < FIELD_COUNT; field++) {
        if (slice_equal(names[field], name))
            return (enum load_field)field;
    }
    assert(false); /* a misspelt text of ours */
    return FIELD_COUNT;
}

bool load_template_init(struct load_template *template, const char *text,
                        const struct slice values[FIELD_COUNT])
{
    struct buffer out = buffer_over(template->text, sizeof(template->text));
    struct slice rest = slice_of(text);

    template->gap_count = 0;
    for (;;) {
        struct slice before = {rest.ptr, slice_find(rest, '{')};
        buffer_add(&out, before);
        rest = slice_after(rest, before.len + 1);
        if (rest.len == 0)
            break;
        struct slice name = {rest.ptr, slice_find(rest, '}')};
        enum load_field field = field_named(name);
        rest = slice_after(rest, name.len + 1);
        if (field < FIELD_ONCE) {
            buffer_add(&out, values[field]);
        } else if (template->gap_count < LOAD_TEMPLATE_GAPS) {
            template->gaps[template->gap_count].end = (uint16_t)out.len;
            template->gaps[template->gap_count++].field = (uint8_t)field;
        } else {
            return false;
        }
    }
    template->gaps[template->gap_count].end = (uint16_t)out.len;
    return !out.overflowed;
}

void load_template_write(const struct load_template *template,
                         const struct slice values[FIELD_COUNT], struct buffer *out)
{
    size_t at = 0;

    for (size_t i = 0; i < template->gap_count; i++) {
        size_t end = template->gaps[i].end;
        buffer_add(out, (struct slice){template->text + at, end - at});
        buffer_add(out, values[template->gaps[i].field]);
        at = end;
    }
    size_t end = template->gaps[template->gap_count].end;
    buffer_add(out, (struct slice){template->text + at, end - at});
}
