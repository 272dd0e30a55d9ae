/* Walking over parameters. */
#include "sip/param.h"

bool eat_params(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    struct sip_param param;

    while (eat_param(c, &param))
        continue;
    struct slice params = eaten_since(c, start);
    if (eat_mark(c, ';')) {
        c->at = start;
        return false;
    }
    *out = slice_after(params, slice_find(params, ';'));
    return true;
}

bool sip_param_find(struct slice params, struct slice name, struct sip_param *out)
{
    struct sip_param param;

    while (sip_param_next(&params, &param)) {
        if (sip_param_is(&param, name)) {
            *out = param;
            return true;
        }
    }
    return false;
}
