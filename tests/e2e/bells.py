"""The phones of one user, for tests of what a proxy does with several of them."""

from sip import SDP


def bells(server, *q_values, user="bob", transport="udp"):
    """Phones of `user`, registered together, each with its q (None: without one)."""
    peers = [server.peer(user if i == 0 else f"{user}-{i}", transport) for i in range(len(q_values))]
    contacts = [f"<{peer.contact_uri}>" + ("" if q is None else f";q={q}") for peer, q in zip(peers, q_values)]
    response = peers[0].register(contacts=contacts)
    assert response.status == 200, str(response)
    return peers


def all_ring(peers, method="INVITE"):
    """The request as it came to each of them."""
    return [peer.expect(method) for peer in peers]


def refuse(peer, request, status, headers=()):
    """A final response that is no 2xx; the proxy acknowledges that to an INVITE."""
    peer.respond(request, status, headers=headers, contact="")
    if request.method == "INVITE":
        peer.expect("ACK")


def stop_ringing(peer, request):
    """What a phone does when it is cancelled. Returns the CANCEL."""
    cancel = peer.expect("CANCEL")
    peer.respond(cancel, 200)
    refuse(peer, request, 487)
    return cancel


def answer(peer, request):
    return peer.respond(request, 200, body=SDP)
