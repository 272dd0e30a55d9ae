/*
 * What the files of the machine share: private to locate.c, locate_naptr.c, locate_srv.c,
 * locate_questions.c and locate_next.c.
 */
#ifndef TCHIN_SIP_LOCATE_INSIDE_H
#define TCHIN_SIP_LOCATE_INSIDE_H

#include "sip/locate.h"

/* --- locate.c --------------------------------------------------------------------------------- */

/* Keeps a copy. False: empty, too long for DNS, or no room. */
bool sip_locate_keep_name(struct sip_locate *l, struct slice name, struct sip_locate_name *out);

static inline struct slice sip_locate_name_text(const struct sip_locate *l,
                                                struct sip_locate_name name)
{
    return (struct slice){l->names + name.at, name.len};
}

/* Whether the client speaks it and a sips URI may go by it. */
bool sip_locate_may_use(const struct sip_locate *l, enum sip_transport transport);

/* --- locate_naptr.c --------------------------------------------------------------------------- */

/* The NAPTR records are complete: which SRV records to ask for. RFC 3263 4.1. */
void sip_locate_choose_services(struct sip_locate *l);

/* --- locate_srv.c ----------------------------------------------------------------------------- */

/* The service of that transport, by its usual SRV name. */
void sip_locate_add_service(struct sip_locate *l, enum sip_transport transport);

/* The next target of the service being visited, as RFC 2782 orders them. NULL: no more. */
const struct sip_locate_target *sip_locate_take_target(struct sip_locate *l);

/* --- locate_next.c ---------------------------------------------------------------------------- */

/* Its addresses become candidates: a literal's at once, others' when DNS has told them. */
void sip_locate_visit(struct sip_locate *l, struct sip_locate_place place);
void sip_locate_visit_literal(struct sip_locate *l, struct sip_locate_place place,
                              const struct sip_ip *ip);

#endif
