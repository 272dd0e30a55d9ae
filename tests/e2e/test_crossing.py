"""
Calls that cross address families and transports: RFC 5658. Each side sees the server's address of
its own family, and the requests of the dialog find their way back from both ends.
"""

import os
import re
import shutil
import socket

import pytest

from certificates import Authority
from load import Side, run_calls
from names import own_etc
from phones import free_port
from servers import own_address, taking
from sip import SDP, Dialog, Peer, establish, finish, uri_of

SIX = "::1"


def has_ipv6():
    try:
        socket.create_server((SIX, 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6")


class Lab:
    """A server with UDP and TCP sockets of both families, all at one port, TLS at the next, and phones at either."""

    def __init__(self, tchind, options=(), **settings):
        host, self.port = own_address(), free_port(SIX)
        self.hosts = {4: host, 6: SIX}
        kinds = (("udp", self.port), ("tcp", self.port), ("tls", self.port + 1))
        self.server = tchind(options=["--no-auth", *options], host=host, port=self.port, **settings,
                             listen=[f"{kind}:{place}:{port}" for kind, port in kinds for place in (host, f"[{SIX}]")])

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


# --- names with addresses of both families: RFC 8305 ---


class Silent:
    """An address where a connection is neither taken nor refused: its queue is full."""

    def __init__(self, host, port):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sockets = [socket.socket(family) for _ in range(4)]
        listener, *others = self.sockets
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(0)
        for other in others:
            other.setblocking(False)
            other.connect_ex((host, port))

    def close(self):
        for one in self.sockets:
            one.close()


@pytest.fixture
def named(tchind, tmp_path):
    """A lab that knows both.test by both families, IPv6 first, and the address by IPv4."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root, to give a server a hosts file of its own")
    four = own_address()
    lab = Lab(tchind, wrap=own_etc(tmp_path / "machine", f"{SIX} both.test\n{four} both.test\n"))
    return lab, four


def called_at_name(lab, bob, *seconds):
    """An INVITE for bob, who is registered at both.test; what he gets of it, no sooner and no later than that."""
    contact = f"<sip:bob@both.test:{bob.port};transport=tcp>"
    assert lab.peer("bob", 4).register(contacts=[contact]).status == 200
    alice = lab.peer("alice", 4)
    with taking(*seconds, [lab.server.process.pid]):
        invite = alice.invite(bob.aor)
        got = bob.expect("INVITE")
    ok = bob.respond(got, 200, contact=contact)
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    bob.expect("ACK")
    return got, end, Dialog(bob, got, ok, False)


def test_where_ipv6_is_silent_a_call_takes_a_quarter_of_a_second_to_go_by_ipv4(named):
    lab, four = named
    bob = Peer("bob", lab.address(4), transport="tcp", host=four)
    lab.server.peers.append(bob)
    silent = Silent(SIX, bob.port)
    try:
        got, alice_end, bob_end = called_at_name(lab, bob, 0.25, 1.2)  # the time limit of a connection is 2 s
        assert family_of(got.get("Via")) == 4 and sides(got) == [(4, "tcp"), (4, "udp")]
        finish(alice_end, bob)
    finally:
        silent.close()


def test_where_ipv6_answers_nothing_else_is_tried(named):
    lab, four = named
    bob = Peer("bob", lab.address(6), transport="tcp", host=SIX)
    lab.server.peers.append(bob)
    with Peer("bob", lab.address(4), transport="tcp", host=four, port=bob.port) as other:
        got, alice_end, bob_end = called_at_name(lab, bob, 0, 1)
        assert family_of(got.get("Via")) == 6 and sides(got) == [(6, "tcp"), (4, "udp")]
        finish(bob_end, alice_end.peer)
        other.expect_silence()
        assert other.channels == [], "nobody has connected there"


def test_where_ipv6_refuses_ipv4_follows_at_once(named):
    lab, four = named
    bob = Peer("bob", lab.address(4), transport="tcp", host=four)
    lab.server.peers.append(bob)
    got, alice_end, _ = called_at_name(lab, bob, 0, 0.25)
    assert family_of(got.get("Via")) == 4
    finish(alice_end, bob)


def test_a_handshake_that_stalls_by_ipv6_is_overtaken_by_ipv4(tchind, tmp_path):
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root, to give a server a hosts file of its own")
    authority, four, conf = Authority(tmp_path / "authority"), own_address(), tmp_path / "tchin.conf"
    conf.write_text(f'trusted_certificates = "{authority.root}"\n')
    lab = Lab(tchind, options=["--config", conf], wrap=own_etc(tmp_path / "machine", f"{SIX} both.test\n{four} both.test\n"))
    carol = Peer("carol", lab.address(4), domain="both.test", transport="tls", host=four, port=free_port(SIX),
                 identity=authority.server(authority.issue("DNS:both.test")))
    lab.server.peers.append(carol)
    with socket.create_server((SIX, carol.port), family=socket.AF_INET6):
        alice = lab.peer("alice", 4)
        with taking(0.25, 2.5, [lab.server.process.pid]):  # the time limit of a handshake is 5 s
            invite = alice.invite(f"sip:carol@both.test:{carol.port};transport=tls")
            got = carol.expect("INVITE")
        assert family_of(got.get("Via")) == 4 and got.get("Via").startswith("SIP/2.0/TLS ")
        carol.respond(got, 486)
        carol.expect("ACK")
        alice.ack(invite, alice.expect(486))
