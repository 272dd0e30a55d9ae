/* The tables. Connections that are gone leave them at once, and memory when the turn ends. */
#include "transport/streams.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "transport/alias.h"

/*
 * A number outlives the process, in bindings that are stored: it begins at a random place, so that
 * the next process does not use it again.
 */
static uint64_t first_id(void)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        random = (uint32_t)getpid();
    return (uint64_t)random << 32;
}

bool streams_init(struct streams *streams)
{
    size_t max = streams->settings->max_connections;

    list_init(&streams->unflushed);
    list_init(&streams->blocked);
    list_init(&streams->halves);
    list_init(&streams->news);
    timer_wheel_init(&streams->timers, net_loop_now_ms(streams->loop));
    streams->last_id = first_id();
    return map_init(&streams->by_id, max) && map_init(&streams->by_remote, max)
           && crowd_init(&streams->crowd, &streams->key, max,
                         streams->settings->max_connections_per_host)
           && crowd_init(&streams->shaking, &streams->key, max,
                         streams->settings->max_handshakes_per_host);
}

static void free_connection(struct connection *c)
{
    list_remove(&c->news);
    sip_stream_fini(&c->stream);
    outbox_fini(&c->outbox);
    bytes_free(&c->domain);
    free(c);
}

void streams_fini(struct streams *streams)
{
    struct map_node *node = streams->by_id.count > 0 ? map_walk(&streams->by_id, NULL) : NULL;

    while (node != NULL) {
        struct map_node *next = map_walk(&streams->by_id, node);
        connection_drop(CONTAINER_OF(node, struct connection, by_id));
        node = next;
    }
    while (!list_is_empty(&streams->news))
        free_connection(CONTAINER_OF(streams->news.next, struct connection, news));
    map_fini(&streams->by_id);
    map_fini(&streams->by_remote);
    crowd_fini(&streams->crowd);
    crowd_fini(&streams->shaking);
}

/* --- coming and going ------------------------------------------------------------------------- */

static struct connection *new_connection(struct streams *streams, const struct hop *flow)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->streams = streams;
    c->flow = *flow;
    c->flow.worker = streams->settings->worker;
    c->flow.connection = ++streams->last_id;
    c->active_ms = net_loop_now_ms(streams->loop);
    c->since_ms = c->active_ms;
    list_init(&c->unflushed);
    list_init(&c->blocked);
    list_init(&c->half);
    list_init(&c->waiters);
    list_init(&c->news);
    timer_init(&c->timer);
    sip_stream_init(&c->stream, streams->settings->max_message_bytes);
    return c;
}

/* Only the ceilings can fail, and the memory of a newly seen host. */
static bool enter(struct streams *streams, struct connection *c)
{
    c->crowd_host = crowd_enter(&streams->crowd, &c->flow.remote);
    if (c->crowd_host == NULL)
        return false;
    /* Numbers given out in a row, by ourselves, spread as well as any hash of them. */
    if (!map_add(&streams->by_id, &c->by_id, c->flow.connection)) {
        crowd_leave(&streams->crowd, c->crowd_host);
        return false;
    }
    c->is_reusable =
        map_add(&streams->by_remote, &c->by_remote, net_addr_hash(&streams->key, &c->flow.remote));
    return true;
}

static struct connection *admit(struct streams *streams, const struct hop *flow)
{
    struct connection *c = NULL;

    if (streams->by_id.count < streams->settings->max_connections)
        c = new_connection(streams, flow);
    if (c != NULL && enter(streams, c))
        return c;
    streams->counters->refused++;
    free(c);
    return NULL;
}

/* A handshake costs more than a connection, so there are fewer at a time. */
static bool may_shake_hands(struct streams *streams, struct connection *c)
{
    if (!hop_shakes_hands(&c->flow))
        return true;
    if (streams->shaking_count < streams->settings->max_handshakes)
        c->shaking = crowd_enter(&streams->shaking, &c->flow.remote);
    if (c->shaking == NULL) {
        streams->counters->refused++;
        return false;
    }
    streams->shaking_count++;
    return true;
}

void streams_shook_hands(struct streams *streams, struct connection *c)
{
    if (c->shaking == NULL)
        return;
    crowd_leave(&streams->shaking, c->shaking);
    c->shaking = NULL;
    streams->shaking_count--;
}

/* At an address is who came from there; that it is more, nobody has proved. */
static bool note_address(struct connection *c)
{
    char text[64];
    struct buffer address = buffer_over(text, sizeof(text));

    net_addr_write_host(&c->flow.remote, &address);
    return !hop_is_secure(&c->flow) || bytes_copy(&c->domain, buffer_slice(&address));
}

void streams_accept(struct streams *streams, const struct hop *flow, int fd, bool may_upgrade)
{
    struct connection *c = admit(streams, flow);

    if (c != NULL && may_shake_hands(streams, c) && note_address(c)) {
        connection_adopt(c, fd, may_upgrade);
        return;
    }
    if (c != NULL)
        connection_drop(c);
    close(fd);
}

struct connection *streams_connect(struct streams *streams, const struct hop *flow)
{
    struct connection *c = admit(streams, flow);

    return c != NULL && connection_connect(c) ? c : NULL;
}

struct connection *streams_connect_to(struct streams *streams, const struct hop *flow,
                                      struct slice domain)
{
    struct connection *c = admit(streams, flow);

    if (c == NULL)
        return NULL;
    if (!bytes_copy(&c->domain, domain)) {
        connection_drop(c);
        return NULL;
    }
    return connection_connect(c) ? c : NULL;
}

void streams_list(struct streams *streams, struct connection *c)
{
    c->entry.flow = c->flow;
    c->entry.domain = bytes_slice(&c->domain);
    if (streams->settings->directory != NULL && c->is_reusable)
        directory_add(streams->settings->directory, &c->entry);
}

void streams_retire(struct streams *streams, struct connection *c)
{
    if (streams->settings->directory != NULL)
        directory_remove(streams->settings->directory, &c->entry);
    alias_remove(c);
    if (c->is_reusable)
        map_remove(&streams->by_remote, &c->by_remote);
    c->is_reusable = false;
}

void streams_forget(struct streams *streams, struct connection *c)
{
    streams_retire(streams, c);
    streams_shook_hands(streams, c);
    map_remove(&streams->by_id, &c->by_id);
    crowd_leave(&streams->crowd, c->crowd_host);
    timer_clear(&c->timer);
    list_remove(&c->unflushed);
    list_remove(&c->blocked);
    list_remove(&c->half);
    streams->waiting_bytes -= outbox_unwritten(&c->outbox).len;
    streams->half_bytes -= c->held_bytes;
}

struct connection *streams_find(const struct streams *streams, uint64_t id)
{
    struct map_node *node = map_first(&streams->by_id, id);

    for (; node != NULL; node = map_next(node)) {
        struct connection *c = CONTAINER_OF(node, struct connection, by_id);
        if (c->flow.connection == id)
            return c;
    }
    return NULL;
}

struct connection *streams_find_to(const struct streams *streams, enum hop_protocol protocol,
                                   const struct net_addr *remote, struct slice domain)
{
    struct map_node *node = map_first(&streams->by_remote, net_addr_hash(&streams->key, remote));

    for (; node != NULL; node = map_next(node)) {
        struct connection *c = CONTAINER_OF(node, struct connection, by_remote);
        if (c->flow.protocol == protocol && net_addr_equal(&c->flow.remote, remote)
            && (domain.len == 0 || slice_equal_nocase(bytes_slice(&c->domain), domain)))
            return c;
    }
    return NULL;
}

/* --- ceilings --------------------------------------------------------------------------------- */

bool streams_make_room(struct streams *streams, size_t bytes)
{
    size_t max = streams->settings->max_waiting_bytes_in_all;

    while (streams->waiting_bytes + bytes > max && !list_is_empty(&streams->blocked))
        connection_overrun(CONTAINER_OF(streams->blocked.next, struct connection, blocked));
    return streams->waiting_bytes + bytes <= max;
}

void streams_count_half(struct streams *streams, struct connection *c, size_t bytes)
{
    streams->half_bytes += bytes - c->held_bytes;
    c->held_bytes = bytes;
    while (streams->half_bytes > streams->settings->max_half_bytes
           && !list_is_empty(&streams->halves)) {
        streams->counters->crowded_out++;
        connection_drop(CONTAINER_OF(streams->halves.next, struct connection, half));
    }
}

/* --- the turn --------------------------------------------------------------------------------- */

void streams_flush(struct streams *streams)
{
    struct list_node *node;

    while ((node = list_take_first(&streams->unflushed)) != NULL)
        connection_flush(CONTAINER_OF(node, struct connection, unflushed));
}

void streams_set_timer(struct streams *streams, struct connection *c, uint64_t due_ms)
{
    timer_set(&streams->timers, &c->timer, due_ms);
    net_loop_wake_at(streams->loop, due_ms);
}

void streams_bring_news(struct streams *streams, struct connection *c)
{
    list_remove(&c->news);
    list_add(&streams->news, &c->news);
    net_loop_wake_at(streams->loop, 0);
}

/*
 * News that arise while it tells are for the next turn: also those of the connection it is telling
 * of, which may be gone by what the host does when it hears that its peer sends no more.
 */
static void tell_news(struct streams *streams)
{
    struct list_node now;
    struct list_node *node;

    list_init(&now);
    while ((node = list_take_first(&streams->news)) != NULL)
        list_add(&now, node);
    while ((node = list_take_first(&now)) != NULL) {
        struct connection *c = CONTAINER_OF(node, struct connection, news);
        connection_tell_news(c);
        if (c->state == CONNECTION_GONE && list_is_empty(&c->news))
            free_connection(c);
    }
}

void streams_turn(struct streams *streams, uint64_t now_ms)
{
    struct timer *timer;

    while ((timer = timer_wheel_take(&streams->timers, now_ms)) != NULL)
        connection_check_time(CONTAINER_OF(timer, struct connection, timer), now_ms);
    tell_news(streams);
    net_loop_wake_at(streams->loop, timer_wheel_next_ms(&streams->timers));
    if (!list_is_empty(&streams->news))
        net_loop_wake_at(streams->loop, 0);
}
