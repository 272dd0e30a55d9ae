/* Finding the end of a head and its Content-Length: RFC 3261 7.3.1 (folds, compact form), 18.3. */
#include "sip/scan.h"

#include "sip/header.h"

/* What stands behind a line end. */
enum follower { NOTHING_YET, FOLD, EMPTY_LINE, NEW_LINE };

static enum follower what_follows(struct slice rest)
{
    if (rest.len == 0 || (rest.len == 1 && rest.ptr[0] == '\r'))
        return NOTHING_YET;
    if (rest.ptr[0] == ' ' || rest.ptr[0] == '\t')
        return FOLD;
    if (rest.ptr[0] == '\n' || (rest.ptr[0] == '\r' && rest.ptr[1] == '\n'))
        return EMPTY_LINE;
    return NEW_LINE;
}

/* Most lines are told by their first letter. */
static bool may_be_content_length(struct slice line)
{
    char first = line.len > 0 ? ascii_lower(line.ptr[0]) : '\0';

    return first == 'c' || first == 'l';
}

static void read_line(struct sip_scan *scan, struct slice line)
{
    size_t colon = slice_find(line, ':');
    struct slice name = slice_trim((struct slice){line.ptr, colon});
    uint64_t value;

    if (colon == line.len || sip_header_find(name) != SIP_CONTENT_LENGTH)
        return;
    if (!slice_to_u64(slice_trim(slice_after(line, colon + 1)), UINT64_MAX, &value)
        || (scan->length != SIP_LENGTH_ABSENT && value != scan->body_len)) {
        scan->length = SIP_LENGTH_BAD;
        return;
    }
    if (scan->length == SIP_LENGTH_ABSENT)
        scan->length = SIP_LENGTH_KNOWN;
    scan->body_len = value;
}

bool sip_scan_head(struct sip_scan *scan, struct slice bytes)
{
    while (scan->head_len == 0) {
        struct slice unread = slice_after(bytes, scan->searched);
        size_t line_end = scan->searched + slice_find(unread, '\n');
        struct slice rest = slice_after(bytes, line_end + 1);
        enum follower follower = what_follows(rest);

        scan->searched = line_end;
        if (follower == NOTHING_YET)
            return false;
        scan->searched = line_end + 1;
        if (follower == FOLD)
            continue;
        struct slice line = slice_between(bytes.ptr + scan->line, bytes.ptr + line_end);
        if (scan->line > 0 && may_be_content_length(line)) /* the first is the start line */
            read_line(scan, line);
        scan->line = line_end + 1;
        if (follower == EMPTY_LINE)
            scan->head_len = scan->line + (rest.ptr[0] == '\r' ? 2 : 1);
    }
    return true;
}
