/* RFC 3261 19.1.1: uri-parameters, as they were written. */
#include "server/uri_params.h"

static bool is_listed(const struct sip_param *param, const struct slice *names)
{
    while (names->len > 0 && !sip_param_is(param, *names))
        names++;
    return names->len > 0;
}

void uri_params_write(const struct sip_uri *uri, const struct slice *unwanted, struct buffer *out)
{
    struct slice rest = uri->params;
    struct sip_param param;

    while (sip_uri_param_next(&rest, &param)) {
        if (is_listed(&param, unwanted))
            continue;
        buffer_add_char(out, ';');
        buffer_add(out, param.name);
        if (param.value.ptr != NULL) {
            buffer_add_char(out, '=');
            buffer_add(out, param.value);
        }
    }
}
