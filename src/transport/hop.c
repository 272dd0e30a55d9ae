/* The names of the protocols: RFC 3261 25.1, "transport". */
#include "transport/hop.h"

static const struct slice names[HOP_PROTOCOL_COUNT] = {
    [HOP_UDP] = {"UDP", 3},
    [HOP_TCP] = {"TCP", 3},
};

struct slice hop_protocol_name(enum hop_protocol protocol)
{
    return names[protocol];
}

bool hop_protocol_find(struct slice name, enum hop_protocol *out)
{
    for (size_t i = 0; i < HOP_PROTOCOL_COUNT; i++) {
        if (slice_equal_nocase(name, names[i])) {
            *out = (enum hop_protocol)i;
            return true;
        }
    }
    return false;
}
