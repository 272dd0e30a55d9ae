/* The answer to a 401 or 407: RFC 3261 22.2, 22.3. */
#include "sip/credentials.h"
#include "tools/load_inside.h"

enum { MAX_LOGIN = 2048 };

/* The first challenge that we can answer. */
static bool find_challenge(const struct sip_message *msg, enum sip_header_id id,
                           struct sip_challenge *out)
{
    const struct sip_header *header = sip_message_header(msg, id);

    for (; header != NULL; header = sip_message_next(msg, header)) {
        if (sip_challenge_parse(header->value, out) && out->algorithm != SIP_DIGEST_UNKNOWN)
            return true;
    }
    return false;
}

/* Between the first two spaces of a request that we wrote. */
static struct slice request_uri(struct slice request)
{
    struct slice rest = slice_after(request, slice_find(request, ' ') + 1);

    return (struct slice){rest.ptr, slice_find(rest, ' ')};
}

static struct slice body(struct slice request)
{
    const char *end = memmem(request.ptr, request.len, "\r\n\r\n", 4);

    return end != NULL ? slice_between(end + 4, slice_end(request)) : SLICE_NONE;
}

/* Who asks: of a REGISTER its user, of others the caller. */
static uint32_t asker(const struct load *load, const struct load_slot *slot)
{
    return slot->request == LOAD_REQUEST_REGISTER ? slot->user
                                                  : (slot->user + 1) % load->plan->users->count;
}

bool load_log_in(struct load *load, struct load_slot *slot, const struct sip_message *msg)
{
    const struct load_users *users = load->plan->users;
    bool is_proxy = msg->status == 407;
    uint32_t user = asker(load, slot);
    struct sip_challenge challenge;
    char name[LOAD_NAME_MAX], id[LOAD_ID_LEN], memory[MAX_LOGIN];
    struct buffer line = buffer_over(memory, sizeof(memory));
    struct slice password = load_users_password(users, user);

    if (slot->is_challenged || password.len == 0
        || !find_challenge(msg, is_proxy ? SIP_PROXY_AUTHENTICATE : SIP_WWW_AUTHENTICATE,
                           &challenge))
        return false;
    load_slot_id(load, slot, id);
    struct slice request = load_render(load, slot, slot->request);
    struct sip_login login = {
        .username = load_users_name(users, user, name),
        .password = password,
        .method = load_request_method(slot->request),
        .uri = request_uri(request),
        .body = body(request),
        .cnonce = {id, sizeof(id)},
        .nc = 1,
    };
    buffer_add_text(&line, is_proxy ? "Proxy-Authorization: " : "Authorization: ");
    if (!sip_credentials_build(&line, load->hasher, &challenge, &login))
        return false;
    buffer_add_text(&line, "\r\n");
    return !line.overflowed && bytes_copy(&slot->login, buffer_slice(&line));
}
