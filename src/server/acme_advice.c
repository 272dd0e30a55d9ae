/*
 * The error types of RFC 8555 6.7, as uacme prints them with the problem document (RFC 7807), and
 * what uacme says itself when it does not get so far. The first row that fits decides.
 */
#include "server/acme_advice.h"

#include "base/macros.h"

static const struct {
    const char *sign;
    const char *advice;
} rows[] = {
    {"acme:error:rateLimited",
     "wait: the certificate authority was asked too often, and is asked again later"                              },
    {"acme:error:dns",
     "let the A and AAAA records of the domain name this server, or remove those that do not"                     },
    {"could not resolve",
     "the domain is not found in DNS: let A and AAAA records of it name this server"                              },
    {"acme:error:caa",                     "the domain's CAA record forbids this certificate authority: change it"},
    {"acme:error:connection",              "the domain's addresses must lead here, and port 80 be open to "
                              "everybody: see to DNS, firewall "
                              "and port forwarding"                                  },
    {"acme:error:unauthorized",
     "another server answered on port 80 of the domain: let its A and AAAA records name this one"                 },
    {"acme:error:rejectedIdentifier",
     "the certificate authority gives none to this name: use a public one"                                        },
    {"acme:error:invalidContact",          "the certificate authority does not take the --acme address"           },
    {"acme:error:unsupportedContact",      "the certificate authority does not take the --acme address"           },
    {"acme:error:externalAccountRequired",
     "this certificate authority wants an account made elsewhere: use another acme_directory"                     },
    {"acme:error:serverInternal",
     "wait: the certificate authority has trouble, and is asked again later"                                      },
    {"certificate or SSH remote key",
     "the certificate of acme_directory is not trusted by this machine: install ca-certificates"                  },
    {"curl_get failed",                    "acme_directory cannot be reached: see to the network and its DNS"     },
    {"curl_post failed",                   "acme_directory cannot be reached: see to the network and its DNS"     },
};

/* What comes behind `part`. False: it is not in there. */
static bool find(struct slice text, struct slice part, struct slice *behind)
{
    const char *at = text.len > 0 ? memmem(text.ptr, text.len, part.ptr, part.len) : NULL;

    if (at != NULL)
        *behind = slice_between(at + part.len, slice_end(text));
    return at != NULL;
}

/* The text of the problem document, its escaped quotes made single ones. */
static bool find_detail(struct slice said, struct buffer *out)
{
    struct slice text;

    if (!find(said, SLICE("\"detail\": \""), &text))
        return false;
    for (size_t i = 0; i < text.len && text.ptr[i] != '"'; i++) {
        bool is_escaped = text.ptr[i] == '\\' && i + 1 < text.len;
        if (is_escaped)
            i++;
        buffer_add_char(out, is_escaped && text.ptr[i] == '"' ? '\'' : text.ptr[i]);
    }
    return true;
}

static struct slice last_line(struct slice said)
{
    said = slice_trim(said);
    const char *end = slice_end(said);
    while (said.len > 0 && said.ptr[said.len - 1] != '\n')
        said.len--;
    return slice_between(slice_end(said), end);
}

struct acme_verdict acme_judge(struct slice said, struct buffer *text)
{
    struct acme_verdict verdict = {.advice = "wait: it is tried again later"};
    struct slice rest;

    if (!find_detail(said, text))
        buffer_add(text, last_line(said));
    verdict.reason = buffer_slice(text);
    verdict.asked_too_often = find(said, SLICE("acme:error:rateLimited"), &rest);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (find(said, slice_of(rows[i].sign), &rest)) {
            verdict.advice = rows[i].advice;
            break;
        }
    }
    return verdict;
}
