/*
 * RFC 5626 from the registrar's side: which instance a contact belongs to, and which of its flows
 * it is.
 */
#ifndef TCHIN_SERVER_OUTBOUND_H
#define TCHIN_SERVER_OUTBOUND_H

#include "server/contacts.h"

/*
 * Reads +sip.instance and reg-id of a contact into `binding`, which has its path; where a reg-id
 * counts, out->uses_outbound is set. SIP_GO_ON, or 439: RFC 5626 6.
 */
enum sip_status outbound_read(struct request *rq, const struct sip_contact *contact,
                              struct binding *binding, struct contacts *out);

/* SIP_GO_ON, or 400 for a reg-id beside another contact to be registered: likewise. */
enum sip_status outbound_check(struct request *rq, const struct contacts *contacts);

#endif
