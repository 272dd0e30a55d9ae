/* URIs that leave with fewer parameters than they came with. */
#ifndef TCHIN_SERVER_URI_PARAMS_H
#define TCHIN_SERVER_URI_PARAMS_H

#include "base/buffer.h"
#include "sip/uri.h"

/* Writes the parameters of a URI, each with its semicolon, but those of the names in `unwanted`,
 * which ends with an empty name. */
void uri_params_write(const struct sip_uri *uri, const struct slice *unwanted, struct buffer *out);

#endif
