"""
Whom one may reach through the server: nobody elsewhere gets it to send to its own host, whose
services do not expect that, or to what only its link can reach. A host of its own is the attacker's.
Needs root.
"""

import os
import socket
import subprocess

import pytest

from names import libc, own_etc, own_network
from servers import Server, configured
from sip import establish, finish, place

CLONE_NEWNET = 0x40000000
SERVER, OUTSIDE, LINK, ON_LINK = "192.0.2.1", "192.0.2.2", "169.254.7.1", "169.254.7.2"
SERVER6, OUTSIDE6 = "2001:db8::1", "2001:db8::2"
SERVICE = 9999  # where something listens that trusts who can reach it
NAMES = {"loop": "127.0.0.1", "loop6": "::1", "self": SERVER, "self6": SERVER6, "metadata": ON_LINK, "mapped": "::ffff:127.0.0.1"}
HOSTS = "".join(f"{address} {name}.example\n" for name, address in NAMES.items())
INSIDE = ["127.0.0.1", "127.8.9.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", SERVER, f"[{SERVER6}]", ON_LINK,
          *(f"{name}.example" for name in NAMES)]
NOBODY = ["0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "255.255.255.255", "127.255.255.255", "[fe80::1]", "[::127.0.0.1]"]


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Elsewhere:
    """Another host, on the same link: what is opened within it is there."""

    def __init__(self, name):
        self.name = name
        ip("netns", "add", name)
        ip("link", "add", "wire", "type", "veth", "peer", "name", "eth0", "netns", name)
        for prefix, device, own in (((), "wire", (SERVER, LINK, SERVER6)), (("-n", name), "eth0", (OUTSIDE, ON_LINK, OUTSIDE6))):
            for address in own:
                ip(*prefix, "addr", "add", f"{address}/{64 if ':' in address else 24}", "dev", device,
                   *(("nodad",) if ":" in address else ()))
            ip(*prefix, "link", "set", device, "up")
        ip("-n", name, "link", "set", "lo", "up")

    def __enter__(self):
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        with open(f"/run/netns/{self.name}") as there:
            assert libc.setns(there.fileno(), CLONE_NEWNET) == 0

    def __exit__(self, *_):
        assert libc.setns(self.home, CLONE_NEWNET) == 0
        os.close(self.home)

    def peer(self, server, user, transport="udp", host=OUTSIDE, **options):
        with self:
            peer = server.peer(user, transport, host=host, **options)
            if transport == "tcp":
                peer.connect()
            return peer

    def remove(self):
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


@pytest.fixture
def elsewhere():
    with own_network():
        host = Elsewhere(f"t{os.getpid()}e")
        try:
            yield host
        finally:
            host.remove()


@pytest.fixture
def server(elsewhere, tmp_path):
    listen = [f"{kind}:{place}:5060" for kind in ("udp", "tcp") for place in ("0.0.0.0", "[::]")]
    server = Server(tmp_path / "server", options=["--no-auth"], host=SERVER, listen=listen, wrap=own_etc(tmp_path, HOSTS))
    try:
        yield server.start()
    finally:
        print(server.story()[-10000:])
        server.stop()


class Services:
    """What listens at SERVICE of every address, on the server's host and on the other: it writes down who spoke to it."""

    def __init__(self, elsewhere):
        self.sockets = [*self._open()]
        with elsewhere:
            self.sockets += self._open()

    @staticmethod
    def _open():
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            one = socket.socket(socket.AF_INET6, kind)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            one.bind(("::", SERVICE))
            if kind == socket.SOCK_STREAM:
                one.listen()
            one.settimeout(0.3)
            yield one

    def heard(self):
        """Whether a datagram or a connection has come to any of them."""
        self.sockets[0].settimeout(0.3)  # the others have waited meanwhile
        answers = [self._heard(one) for one in self.sockets]
        return any(answers)

    @staticmethod
    def _heard(one):
        try:
            one.accept() if one.type == socket.SOCK_STREAM else one.recv(65536)
        except TimeoutError:
            return False
        finally:
            one.settimeout(0.001)
        return True

    def close(self):
        for one in self.sockets:
            one.close()


@pytest.fixture
def services(elsewhere):
    services = Services(elsewhere)
    yield services
    services.close()


def ask(peer, uri, headers=(), method="MESSAGE"):
    """The status of what is answered."""
    request = peer.send(peer.request(method, uri, headers=headers))
    answer = peer.response()
    if method == "INVITE":
        peer.ack(request, answer)
    return answer.status


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_who_is_elsewhere_cannot_name_a_place_on_this_host(elsewhere, server, services, transport):
    attacker = elsewhere.peer(server, "mallory")
    for host in INSIDE:
        target = f"sip:x@{host}:{SERVICE};transport={transport}"
        assert ask(attacker, target) == 403, target
        assert ask(attacker, "sip:x@third.example", [("Route", f"<{target};lr>")]) == 403, f"Route: {target}"
        assert ask(attacker, f"sip:x@third.example:{SERVICE};maddr={host};transport={transport}") >= 403, f"maddr={host}"
    assert not services.heard()
    server.wait_log(r'not sent .* to=127\.0\.0\.1:9999 named-by=192\.0\.2\.2:\d+')


@pytest.mark.parametrize("host", NOBODY)
def test_what_is_no_host_is_nowhere(elsewhere, server, services, host):
    attacker = elsewhere.peer(server, "mallory")
    for transport in ("udp", "tcp"):
        assert ask(attacker, f"sip:x@{host}:{SERVICE};transport={transport}") >= 400
    assert not services.heard()


def test_the_ack_of_a_call_does_not_get_there_either(elsewhere, server, services):
    attacker = elsewhere.peer(server, "mallory")
    for host in INSIDE:
        ack = attacker.request("ACK", f"sip:x@{host}:{SERVICE}", to="<sip:x@third.example>;tag=t")
        attacker.send(ack)
    assert ask(attacker, f"sip:x@{INSIDE[0]}:{SERVICE}", method="INVITE") == 403
    assert not services.heard()


def called(callee, caller):
    """The status that the caller of a user gets. Who is called where he was seen answers."""
    caller.send(caller.request("MESSAGE", callee.aor))
    if (got := callee.receive(0.3)) is not None:
        callee.respond(got, 200)
    return caller.response().status


@pytest.mark.parametrize("named", ["in Contact", "in Path"])
def test_who_is_elsewhere_cannot_register_a_place_on_this_host(elsewhere, server, services, named):
    """An address that can only be his own network's is not believed, and he is called where he is."""
    attacker, caller = elsewhere.peer(server, "mallory"), elsewhere.peer(server, "carol")
    for number, host in enumerate(INSIDE):
        uri = f"sip:mallory@{host}:{SERVICE}"
        how = {"contacts": [f"<{uri}>"]} if named == "in Contact" else {"headers": [("Path", f"<{uri};lr>"), ("Supported", "path")]}
        assert attacker.register(**how).status == 200
        is_hidden = named == "in Contact" and (host.startswith("127.") or host in ("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"))
        assert called(attacker, caller) == (200 if is_hidden else 480), uri
        assert attacker.register(contacts=["*"], expires=0, cseq=2).status == 200
    assert not services.heard()


def test_nor_have_it_named_by_a_redirection(elsewhere, tmp_path, services):
    following = Server(tmp_path / "following", options=["--no-auth", *configured(tmp_path, "recurse = yes")], host=SERVER,
                       listen=["udp:0.0.0.0:5060", "udp:[::]:5060"], wrap=own_etc(tmp_path, HOSTS)).start()
    try:
        attacker, caller = elsewhere.peer(following, "mallory"), elsewhere.peer(following, "carol")
        assert attacker.register().status == 200
        for host in INSIDE:
            caller.send(caller.request("MESSAGE", attacker.aor))
            attacker.respond(attacker.expect("MESSAGE"), 302, [("Contact", f"<sip:x@{host}:{SERVICE}>")])
            assert caller.response().status == 480, host
        assert not services.heard()
    finally:
        following.stop()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("path", ["sip:example.org", f"sip:{SERVER}:5060", "sip:self.example"])
def test_nor_by_a_way_through_the_server_itself(elsewhere, server, services, transport, path):
    """What it sends to itself comes from its own host, but that is not who has named the place."""
    attacker, caller = elsewhere.peer(server, "mallory"), elsewhere.peer(server, "carol")
    first, last = f"<{path};transport={transport};lr>", f"<sip:127.0.0.1:{SERVICE};lr>"
    assert attacker.register(headers=[("Path", first), ("Path", last), ("Supported", "path")]).status == 200
    assert called(attacker, caller) == (480 if path == "sip:self.example" else 403)
    request = caller.request("REGISTER", "sip:example.org", to="<sip:carol@example.org>", contact=f"<sip:carol@loop.example:{SERVICE}>",
                             headers=[("Route", first), ("Expires", "60")])
    caller.send(request)
    assert caller.response().status == (403 if path == "sip:self.example" else 200)
    assert called(caller, attacker) == (404 if path == "sip:self.example" else 480)
    assert not services.heard()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("host", ["127.0.0.5", SERVER])
def test_a_phone_on_the_same_host_is_called_from_elsewhere_and_calls(elsewhere, server, host, transport):
    inside, caller = server.registered("alice", transport, host=host), elsewhere.peer(server, "bob", transport)
    assert caller.register().status == 200
    for one, other in ((caller, inside), (inside, caller)):
        one_end, other_end = establish(one, other, other.aor)
        finish(other_end, one)
        one_end, other_end = establish(one, other, other.aor)
        finish(one_end, other)


def test_who_called_a_phone_on_the_same_host_reaches_nothing_else_there(elsewhere, server, services):
    inside, attacker = server.registered("alice", host="127.0.0.5"), elsewhere.peer(server, "mallory")
    attacker_end, _ = establish(attacker, inside, inside.aor)
    attacker_end.remote_target = f"sip:alice@127.0.0.5:{SERVICE}"
    for method in ("INFO", "ACK"):
        attacker_end.request(method)
    assert attacker.response().status == 480
    assert not services.heard()


def test_who_is_on_this_host_reaches_what_is_there(elsewhere, server):
    """Another server beside this one, say."""
    beside, inside = server.peer("beside", host="127.0.0.1"), server.peer("alice", host=SERVER)
    for uri in (f"sip:x@{place(beside)}", f"sip:x@loop.example:{beside.port}"):
        inside.send(inside.request("MESSAGE", uri))
        beside.respond(beside.expect("MESSAGE"), 200)
        inside.expect(200)


def test_who_is_on_the_link_reaches_others_on_it_but_not_this_host(elsewhere, server, services):
    one = elsewhere.peer(server, "alice", host=ON_LINK)
    other = elsewhere.peer(server, "bob", host=ON_LINK)
    one.server = other.server = (LINK, 5060)
    one.send(one.request("MESSAGE", f"sip:x@{place(other)}"))
    other.respond(other.expect("MESSAGE"), 200)
    one.expect(200)
    assert ask(one, f"sip:x@{LINK}:{SERVICE}") == 403
    assert not services.heard()
