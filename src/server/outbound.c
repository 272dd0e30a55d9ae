/*
 * A reg-id counts if there is an instance, and if it was the first hop that knows of it: which are
 * we, if the request has passed nobody else, or a proxy that says "ob" in its Path.
 */
#include "server/outbound.h"

#include "server/nat.h"
#include "sip/address.h"

/* instance-val = DQUOTE "<" any-non-whitespace ">" DQUOTE: RFC 5626 appendix B, RFC 3840 9 */
static struct slice read_instance(const struct sip_contact *contact)
{
    struct slice value;

    if (!sip_address_param(&contact->address, SLICE("+sip.instance"), &value) || value.len < 5
        || !slice_starts_with(value, SLICE("\"<"))
        || !slice_equal(slice_after(value, value.len - 2), SLICE(">\"")))
        return SLICE_NONE;
    struct slice urn = {value.ptr + 2, value.len - 4};
    return slice_find(urn, '\\') == urn.len ? urn : SLICE_NONE;
}

/* c-p-reg = "reg-id" EQUAL 1*DIGIT, from 1 to 2^31 - 1: RFC 5626 4.2, appendix B. 0: none. */
static uint32_t read_reg_id(const struct sip_contact *contact)
{
    struct slice value;
    uint32_t reg_id = 0;

    if (sip_address_param(&contact->address, SLICE("reg-id"), &value))
        (void)slice_to_u32(value, INT32_MAX, &reg_id);
    return reg_id;
}

static bool has_ob(struct slice path)
{
    struct slice value, ob;
    struct sip_address address;

    while (sip_list_next(&path, &value)) {
        if (sip_address_parse(value, &address) && sip_uri_param(&address.parts, SLICE("ob"), &ob))
            return true;
    }
    return false;
}

enum sip_status outbound_read(struct request *rq, const struct sip_contact *contact,
                              struct binding *binding, struct contacts *out)
{
    if (contact->address.params.len == 0)
        return SIP_GO_ON;
    binding->instance = read_instance(contact);
    uint32_t reg_id = read_reg_id(contact);
    if (binding->instance.len == 0 || reg_id == 0)
        return SIP_GO_ON;
    if (!nat_is_first_hop(rq->msg) && !has_ob(binding->path))
        return sip_message_lists(rq->msg, SIP_SUPPORTED, SLICE("outbound"))
                   ? SIP_439_FIRST_HOP_LACKS_OUTBOUND_SUPPORT
                   : SIP_GO_ON;
    binding->reg_id = reg_id;
    out->uses_outbound = true;
    return SIP_GO_ON;
}

enum sip_status outbound_check(struct request *rq, const struct contacts *contacts)
{
    size_t registered = 0, with_reg_id = 0;

    for (size_t i = 0; i < contacts->changes.count; i++) {
        registered += contacts->items[i].expires_at_ms > 0;
        with_reg_id += contacts->items[i].reg_id > 0 && contacts->items[i].expires_at_ms > 0;
    }
    if (with_reg_id == 0 || registered == 1)
        return SIP_GO_ON;
    rq->phrase = "A reg-id Beside Another Contact";
    return SIP_400_BAD_REQUEST;
}
