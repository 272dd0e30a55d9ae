"""
Calls that cross address families and transports: RFC 5658. Each side sees the server's address of
its own family, and the requests of the dialog find their way back from both ends.
"""

import re
import shutil
import socket

import pytest

from load import Side, run_calls
from phones import free_port
from servers import own_address
from sip import SDP, Peer, establish, finish, uri_of

SIX = "::1"


def has_ipv6():
    try:
        socket.create_server((SIX, 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6")


class Lab:
    """A server with UDP and TCP sockets of both families, all at one port, and phones at either."""

    def __init__(self, tchind):
        host, self.port = own_address(), free_port(SIX)
        self.hosts = {4: host, 6: SIX}
        self.server = tchind(options=["--no-auth"], host=host, port=self.port,
                             listen=[f"{kind}:{place}:{self.port}" for kind in ("udp", "tcp") for place in (host, f"[{SIX}]")])

    def address(self, family):
        return self.hosts[family], self.port

    def peer(self, user, family, transport="udp"):
        peer = Peer(user, self.address(family), transport=transport)
        self.server.peers.append(peer)
        return peer

    def registered(self, user, family, transport="udp"):
        peer = self.peer(user, family, transport)
        assert peer.register().status == 200
        return peer


@pytest.fixture
def lab(tchind):
    return Lab(tchind)


def family_of(text):
    """Of the literal in a Via or in the URI of a Record-Route."""
    return 6 if re.search(r"[ :]\[", text) else 4


def sides(request):
    """What each Record-Route names: family and transport."""
    return [(family_of(value), "tcp" if "transport=tcp" in value else "udp") for value in request.values("Record-Route")]


WAYS = [((4, "udp"), (6, "udp")), ((6, "udp"), (4, "udp")), ((4, "udp"), (6, "tcp")), ((6, "tcp"), (4, "udp")),
        ((4, "tcp"), (6, "tcp")), ((4, "udp"), (4, "tcp")), ((6, "tcp"), (6, "udp"))]


@pytest.mark.parametrize("ours, theirs", WAYS, ids=lambda side: f"{side[1]}{side[0]}")
def test_requests_of_the_dialog_go_back_and_forth_along_both_values(lab, ours, theirs):
    alice, bob = lab.peer("alice", *ours), lab.registered("bob", *theirs)
    alice_end, bob_end = establish(alice, bob, bob.aor)
    assert [(family_of(uri_of(route)), "tcp" if "transport=tcp" in route else "udp") for route in bob_end.routes] == [theirs, ours]
    assert alice_end.routes == bob_end.routes[::-1]
    for end, other in ((alice_end, bob), (bob_end, alice), (alice_end, bob)):
        to, of = (theirs, ours) if other is bob else (ours, theirs)
        for method in ("INFO", "INVITE"):
            end.request(method, body=SDP if method == "INVITE" else b"")
            got = other.expect(method)
            assert got.lines("Route") == [], "both values are taken off as one"
            assert family_of(got.values("Via")[0]) == to[0] and got.get("Via").startswith(f"SIP/2.0/{to[1].upper()} ")
            if method == "INVITE":
                assert sides(got) == [to, of]
            other.respond(got, 200)
            end.peer.expect(200)
        end.ack()
        assert other.expect("ACK").lines("Route") == []
    finish(bob_end, alice)


def test_a_call_forked_to_both_families_records_two_sides_only_where_it_crosses(lab):
    alice = lab.peer("alice", 4)
    near, far = lab.registered("bob", 4), lab.registered("bob", 6)
    alice.invite(near.aor)
    assert sides(near.expect("INVITE")) == [(4, "udp")]
    at_far = far.expect("INVITE")
    assert sides(at_far) == [(6, "udp"), (4, "udp")]
    assert [family_of(via) for via in at_far.values("Via")] == [6, 4]


@pytest.mark.parametrize("callers, callees", [(4, 6), (6, 4)])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sipp_calls_across_families(lab, tmp_path, callers, callees, transport):
    """A user agent of others, which follows the routes by the letter."""
    if not shutil.which("sipp"):
        pytest.skip("needs SIPp")
    own = {4: "127.0.0.1", 6: SIX}
    good, bad, errors = run_calls(tmp_path, lab.address(callers), calls=20, rate=20, host=own[callers], patience_s=30,
                                  callees=Side(own[callees], lab.address(callees), transport))
    assert (good, bad) == (20, 0), errors
