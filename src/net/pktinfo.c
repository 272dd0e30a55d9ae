/* IP_PKTINFO and IPV6_PKTINFO, read and written. */
#include "net/pktinfo.h"

#include "net/socket.h"

void pktinfo_want(int fd, uint8_t family)
{
    if (family == 4)
        net_socket_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    else
        net_socket_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static void read_ipv4(struct cmsghdr *cmsg, struct net_addr *local)
{
    struct in_pktinfo info;

    memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
    /* Not ipi_addr, which is the destination of the header and may be a broadcast address. */
    memcpy(local->ip, &info.ipi_spec_dst, sizeof(info.ipi_spec_dst));
}

static void read_ipv6(struct cmsghdr *cmsg, struct net_addr *local)
{
    struct in6_pktinfo info;

    memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
    if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
        return;
    memcpy(local->ip, &info.ipi6_addr, sizeof(info.ipi6_addr));
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
        local->scope_id = (uint32_t)info.ipi6_ifindex;
}

void pktinfo_read(struct msghdr *msg, struct net_addr *local)
{
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO)
            read_ipv4(cmsg, local);
        else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO)
            read_ipv6(cmsg, local);
    }
}

void pktinfo_write(struct msghdr *msg, union control_room *room, const struct net_addr *local)
{
    struct in_pktinfo info4 = {0};
    struct in6_pktinfo info6 = {.ipi6_ifindex = local->scope_id};

    if (local->family == 4) {
        memcpy(&info4.ipi_spec_dst, local->ip, sizeof(info4.ipi_spec_dst));
        control_add(msg, room, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
    } else {
        memcpy(&info6.ipi6_addr, local->ip, sizeof(info6.ipi6_addr));
        control_add(msg, room, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
    }
}
