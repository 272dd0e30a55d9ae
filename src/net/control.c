/*
 * Written front to back: each begins where the one before it ends, with its padding, which goes to
 * the system too and so is no memory of ours.
 */
#include "net/control.h"

#include <assert.h>
#include <string.h>

void control_add(struct msghdr *msg, union control_room *room, int level, int type,
                 const void *value, size_t len)
{
    size_t start = msg->msg_control != NULL ? msg->msg_controllen : 0;
    struct cmsghdr header = {.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len)};

    assert(start + CMSG_SPACE(len) <= sizeof(*room));
    memset(room->bytes + start, 0, CMSG_SPACE(len));
    memcpy(room->bytes + start, &header, sizeof(header));
    memcpy(room->bytes + start + CMSG_LEN(0), value, len);
    msg->msg_control = room;
    msg->msg_controllen = start + CMSG_SPACE(len);
}
