/* Walking over parameters. */
#include "sip/param.h"

bool eat_params(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    struct cursor first = *c; /* the first semicolon, if there is one */
    struct sip_param param;

    skip_space(&first);
    while (eat_param(c, &param))
        continue;
    if (sees_semi(c)) {
        c->at = start;
        return false;
    }
    *out = slice_between(c->at > first.at ? first.at : c->at, c->at);
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
