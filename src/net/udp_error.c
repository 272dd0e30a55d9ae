/* MSG_ERRQUEUE: ip(7), "IP_RECVERR". */
#include "net/udp_error.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "net/socket.h"

enum {
    TAKEN_AT_ONCE = 64,
    QUOTED_MAX = 1500, /* an ICMP error quotes no more than fits a packet */
};

struct queued_error {
    struct net_addr to;
    struct sock_extended_err error;
    struct slice head;
};

void udp_error_want(int fd, uint8_t family)
{
    if (family == 4)
        net_socket_set(fd, IPPROTO_IP, IP_RECVERR, 1);
    else
        net_socket_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

static bool read_error(struct msghdr *msg, struct sock_extended_err *out)
{
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR)
            || (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
            memcpy(out, CMSG_DATA(cmsg), sizeof(*out));
            return true;
        }
    }
    return false;
}

/*
 * RFC 3261 18.4: the unreachables and parameter problems count, exceeded lifetimes and quenches do
 * not. Nor does "too big": the system has learnt the path MTU by it, and a repeat will pass.
 */
static bool is_reportable(const struct sock_extended_err *error)
{
    if (error->ee_origin == SO_EE_ORIGIN_ICMP)
        return (error->ee_type == ICMP_DEST_UNREACH && error->ee_code != ICMP_FRAG_NEEDED)
               || error->ee_type == ICMP_PARAMETERPROB;
    return error->ee_origin == SO_EE_ORIGIN_ICMP6
           && (error->ee_type == ICMP6_DST_UNREACH || error->ee_type == ICMP6_PARAM_PROB);
}

/* False: the queue is empty. `out->to.family` 0: nothing to report. */
static bool take_one(int fd, char *memory, size_t size, struct queued_error *out)
{
    union {
        struct cmsghdr header;
        char bytes[512];
    } control;
    struct sockaddr_storage to = {0};
    struct iovec iov = {memory, size};
    struct msghdr msg = {.msg_name = &to,
                         .msg_namelen = sizeof(to),
                         .msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    ssize_t len = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);

    if (len < 0)
        return false;
    out->to.family = 0;
    out->head = (struct slice){memory, (size_t)len};
    if (read_error(&msg, &out->error) && is_reportable(&out->error)
        && !net_addr_from_sockaddr((struct sockaddr *)&to, &out->to))
        out->to.family = 0;
    return true;
}

size_t udp_error_take(int fd, udp_undelivered *report, void *owner)
{
    char memory[QUOTED_MAX];
    struct queued_error queued;
    size_t taken = 0;

    while (taken < TAKEN_AT_ONCE && take_one(fd, memory, sizeof(memory), &queued)) {
        taken++;
        if (queued.to.family != 0)
            report(owner, &queued.to, (int)queued.error.ee_errno, queued.head);
    }
    return taken;
}

/* A full queue, or a packet filter of our own that drops: the same as a loss on the way. */
bool udp_error_is_about_peer(int error)
{
    return error != ENOBUFS && error != ENOMEM && error != EPERM;
}
