"""
The transport layer as its peers see it: RFC 3261 18, RFC 3581, RFC 5626 3.5.1. Which socket, which
connection, what the Via says, and what becomes of streams.
"""

import select
import socket
import time

import pytest

from phones import free_port
from servers import own_address, stranger
from sip import Channel, Message, Peer, establish, finish, param_of, unique, uri_of

LARGE = b"x" * 1400  # with the header fields more than the 1300 bytes of RFC 3261 18.1.1


def peer_at(server, address, user, transport="udp", **settings):
    """A user agent that sends to another socket of the server than the usual one."""
    peer = Peer(user, address, transport=transport, domain=server.domain, **settings)
    server.peers.append(peer)
    return peer


def registered_at(server, address, user, transport="udp", **settings):
    peer = peer_at(server, address, user, transport, **settings)
    assert peer.register().status == 200
    return peer


def host_of(uri):
    """Host and port of a URI, as one writes them."""
    return uri.split("@")[-1].removeprefix("sip:").split(";")[0]


def sent_by(via):
    return via.split()[1].split(";")[0]


def options_with(via, headers=()):
    """An OPTIONS for the server, with that Via."""
    return Message("OPTIONS sip:example.org SIP/2.0", [
        ("Via", via), ("Max-Forwards", "70"), ("From", f"<sip:x@elsewhere.example>;tag={unique.next('f')}"),
        ("To", "<sip:example.org>"), ("Call-ID", unique.next("c")), ("CSeq", "1 OPTIONS"), *headers])


@pytest.fixture
def lab(tchind):
    return tchind(options=["--no-auth"])


# --- which socket, and what it says of itself ---


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("family", [4, 6])
def test_a_call_is_carried(tchind, transport, family):
    where = {} if family == 4 else {"host": "::1", "port": free_port("::1")}
    server = tchind(options=["--no-auth"], **where)
    alice, bob = server.registered("alice", transport), server.registered("bob", transport)
    caller_end, callee_end = establish(alice, bob, bob.aor)
    finish(callee_end, alice)
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)


@pytest.mark.parametrize("callers, callees", [("udp", "tcp"), ("tcp", "udp"), ("udp", "udp")])
def test_a_call_crosses_families_and_transports_and_each_side_is_told_the_address_on_its_side(tchind, callers, callees):
    host, port = own_address(), free_port("::1")
    server = tchind(options=["--no-auth"], host=host, port=port,
                    listen=[f"{kind}:{place}:{port}" for kind in ("udp", "tcp") for place in (host, "[::1]")])
    alice = registered_at(server, (host, port), "alice", callers)
    bob = registered_at(server, ("::1", port), "bob", callees)
    caller_end, callee_end = establish(alice, bob, bob.aor)
    assert [host_of(uri_of(route)) for route in caller_end.routes] == [f"{host}:{port}", f"[::1]:{port}"]
    assert ["transport=tcp" in route for route in caller_end.routes] == [callers == "tcp", callees == "tcp"]
    finish(callee_end, alice)
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)


@pytest.fixture
def wildcard(tchind):
    port = free_port()
    return tchind(options=["--no-auth"], host="127.0.0.1", port=port,
                  listen=[f"{kind}:{place}:{port}" for kind in ("udp", "tcp") for place in ("0.0.0.0", "[::]")])


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_wildcard_socket_names_the_address_a_message_came_to_and_leaves_from(wildcard, transport):
    port = wildcard.port
    bob = registered_at(wildcard, ("127.0.0.7", port), "bob", transport, host="127.0.0.3")
    alice = peer_at(wildcard, ("127.0.0.8", port), "alice", transport, host="127.0.0.2")
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    source = at_bob.channel[0] if transport == "udp" else at_bob.channel.connection.getpeername()[0]
    routes = [host_of(uri_of(route)) for route in at_bob.values("Record-Route")]
    assert sent_by(at_bob.get("Via")) == f"{source}:{port}"
    assert routes == [f"{source}:{port}", f"127.0.0.8:{port}"]
    assert "0.0.0.0" not in str(at_bob)
    bob.respond(at_bob, 486)
    answer = alice.expect(486)
    assert transport == "tcp" or answer.channel == ("127.0.0.8", port)
    alice.ack(invite, answer)


def test_a_wildcard_socket_of_ipv6_names_addresses_too(wildcard):
    bob = registered_at(wildcard, ("::1", wildcard.port), "bob")
    alice = peer_at(wildcard, ("127.0.0.1", wildcard.port), "alice")
    caller_end, _ = establish(alice, bob, bob.aor)
    assert [host_of(uri_of(route)) for route in caller_end.routes] == [f"127.0.0.1:{wildcard.port}", f"[::1]:{wildcard.port}"]
    finish(caller_end, bob)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_several_listeners_serve_side_by_side(tchind, transport):
    host = own_address()
    listen = [f"{kind}:{host}:{port}" for port in (5060, 5070) for kind in ("udp", "tcp")]
    server = tchind(options=["--no-auth"], host=host, listen=listen)
    ready = next(line for line in server.log if "ready" in line)
    assert ready == "tchind: ready " + " ".join(listen)
    bob = registered_at(server, (host, 5060), "bob", transport)
    alice = registered_at(server, (host, 5070), "alice", transport)
    caller_end, callee_end = establish(alice, bob, bob.aor)
    assert host_of(uri_of(caller_end.routes[0])) == f"{host}:5070"
    finish(callee_end, alice)
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_calls_cross_from_worker_to_worker(tchind, workers):
    """The system deals connections and datagrams out; whose call it is, only the Call-ID says."""
    server = tchind(options=["--no-auth", "--workers", str(workers)])
    phones = [server.registered(f"user{i}", ("tcp", "udp")[i % 3 == 2]) for i in range(6)]
    for i, caller in enumerate(phones):
        callee = phones[(i * 5 + 1) % len(phones)]
        caller_end, callee_end = establish(caller, callee, callee.aor)
        finish(caller_end if i % 2 else callee_end, callee if i % 2 else caller)
    for i, phone in enumerate(phones):
        phone.expect_silence(0)
        assert len(phone.channels) <= 2, f"phone {i}: more than the one it opened and one to its contact"


def from_many_sockets(request, address, count=8):
    """Sends the same octets from many sockets, which the system deals out; returns these."""
    sources = [stranger() for _ in range(count)]
    for source in sources:
        source.settimeout(4)
        source.sendto(request.octets(), address)
    return sources


def test_an_options_for_the_server_is_answered_alike_by_whatever_worker_it_reaches(tchind):
    server = tchind(options=["--no-auth", "--workers", "4"])
    request = options_with(f"SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{unique.next('b')};rport")
    answers = []
    for source in from_many_sockets(request, server.address):
        answers.append(Message.parse(source.recv(65536)))
        source.close()
    assert {answer.status for answer in answers} == {200}
    assert len({param_of(answer.get("To"), "tag") for answer in answers}) == 1


@pytest.mark.parametrize("spelling", ["Call-ID", "i", "cAlL-Id ", "i\t"])
@pytest.mark.parametrize("method", ["OPTIONS", "MESSAGE"])
def test_a_repeat_that_reaches_another_worker_is_no_new_request(tchind, method, spelling):
    server = tchind(options=["--no-auth", "--workers", "4"])
    bob = server.registered("bob")
    via = f"SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{unique.next('b')};rport"
    request = Message(f"{method} {bob.aor} SIP/2.0", [
        ("Via", via), ("Max-Forwards", "70"), ("From", "<sip:x@elsewhere.example>;tag=1"), ("To", f"<{bob.aor}>"),
        (spelling, unique.next("c")), ("CSeq", f"1 {method}")])
    sources = from_many_sockets(request, server.address)
    bob.respond(bob.expect(method), 200)
    sources += from_many_sockets(request, server.address)
    bob.expect_silence()
    for source in sources:
        source.close()


@pytest.mark.parametrize("start, spelling, value", [("", "Call-ID", " {}"), ("", "i", "\r\n {}"), ("", "Call-ID", "\r\n\t{} "), ("\r\n\r\n", "I ", " {}")])
def test_a_cancel_that_reaches_another_worker_finds_its_invite(tchind, start, spelling, value):
    """Whichever it reaches, and however its Call-ID is written: RFC 3261 7.3.1, 7.3.3, 7.5."""
    server = tchind(options=["--no-auth", "--workers", "4"])
    bob, alice = server.registered("bob"), server.peer("alice")
    for _ in range(6):
        invite = alice.invite(bob.aor)
        received = bob.expect("INVITE")
        bob.respond(received, 180)
        alice.expect(180)
        cancel = Message(f"CANCEL {invite.uri} SIP/2.0", [(name, invite.get(name)) for name in ("Via", "Max-Forwards", "From", "To")])
        cancel.set("CSeq", f"{invite.cseq} CANCEL")
        octets = start.encode() + cancel.octets().replace(b"\r\n", f"\r\n{spelling}:{value.format(invite.get('Call-ID'))}\r\n".encode(), 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.settimeout(4)
            other.sendto(octets, server.address)
            assert Message.parse(other.recv(65536)).status == 200
        bob.respond(bob.expect("CANCEL"), 200)
        bob.respond(received, 487)
        alice.ack(invite, alice.expect(487))
        bob.expect("ACK")


# --- where responses go: 18.2.1, 18.2.2, RFC 3581 ---


@pytest.fixture
def ends():
    """The socket that a request comes from, and the one that its Via names."""
    host = own_address()
    made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for one in made:
        one.bind((host, 0))
        one.settimeout(4)
    yield made
    for one in made:
        one.close()


OWN = "its own address"


@pytest.mark.parametrize("host, params, goes_to_source, received, rport", [
    (OWN, "", False, None, None),
    (OWN, ";rport", True, OWN, True),
    ("phone.example", "", False, OWN, None),
    ("phone.example", ";rport", True, OWN, True),
    ("192.0.2.1", "", False, OWN, None),
    (OWN, ";received=192.0.2.9", False, None, None),
    ("192.0.2.1", ";received=192.0.2.9;rport", True, OWN, True),
    (OWN, ";rport=9", True, OWN, True),
    (OWN, ";maddr=192.0.2.9", False, None, None),
    (OWN, ";received=192.0.2.9;received=192.0.2.8;rport=1;rport=2", True, OWN, True),
], ids=str)
def test_a_response_goes_where_the_request_came_from(lab, ends, host, params, goes_to_source, received, rport):
    source, named = ends
    own, port = named.getsockname()
    host, received = (own if value is OWN else value for value in (host, received))
    via = f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{unique.next('b')}{params}"
    source.sendto(options_with(via).octets(), lab.address)
    answered, silent = (source, named) if goes_to_source else (named, source)
    octets, address = answered.recvfrom(65536)
    answer = Message.parse(octets).get("Via")
    assert address == lab.address
    assert param_of(answer, "received") == received
    assert param_of(answer, "rport") == (str(source.getsockname()[1]) if rport else None)
    assert "192.0.2.9" not in answer or "maddr" in params
    assert answer.count("rport") <= 1 and sent_by(answer) == f"{host}:{port}"
    assert not select.select([silent], [], [], 0)[0]


def test_without_port_and_rport_the_default_port_is_answered(lab):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as named:
        host = own_address()
        source.bind((host, 0))
        named.bind((host, 5060))
        named.settimeout(4)
        source.sendto(options_with(f"SIP/2.0/UDP {host};branch=z9hG4bK{unique.next('b')}").octets(), lab.address)
        assert named.recv(65536).startswith(b"SIP/2.0 200 ")


def test_received_of_ipv6_has_no_brackets(tchind):
    server = tchind(options=["--no-auth"], host="::1", port=free_port("::1"))
    alice = server.peer("alice")
    alice.send(options_with(f"SIP/2.0/UDP phone.example:{alice.port};branch=z9hG4bK{unique.next('b')};rport"))
    via = alice.expect(200).get("Via")
    assert (param_of(via, "received"), param_of(via, "rport")) == ("::1", str(alice.port))


def test_the_next_hop_sees_where_the_request_came_from(lab):
    alice, bob = lab.peer("alice"), lab.registered("bob")
    message = alice.request("MESSAGE", bob.aor)
    message.set("Via", f"SIP/2.0/UDP phone.example;branch=z9hG4bK{unique.next('b')};received=192.0.2.9;rport")
    alice.send(message)
    vias = bob.expect("MESSAGE").values("Via")
    assert len(vias) == 2
    assert (param_of(vias[1], "received"), param_of(vias[1], "rport")) == (alice.host, str(alice.port))


def test_a_stream_is_answered_on_itself_whatever_the_via_says(lab):
    alice = lab.peer("alice", "tcp")
    channel = alice.connect()
    for via in ("SIP/2.0/TCP 192.0.2.1:9;branch=z9hG4bK", "SIP/2.0/TCP phone.example;received=192.0.2.7;branch=z9hG4bK",
                "SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK"):
        alice.send(options_with(via + unique.next("b")))
        answer = alice.expect(200)
        assert answer.channel is channel
        assert param_of(answer.get("Via"), "received") in (alice.host, None)


@pytest.mark.parametrize("workers", [1, 2])
def test_when_the_connection_is_gone_the_response_goes_to_the_sent_by_port(tchind, workers):
    server = tchind(options=["--no-auth", "--workers", str(workers)])
    bob = server.registered("bob")
    for _ in range(4):  # of one worker and of the other
        alice = server.peer("alice", "tcp")
        invite = alice.invite(bob.aor)
        at_bob = bob.expect("INVITE")
        alice.channels.pop().connection.close()
        bob.respond(at_bob, 486)
        bob.expect("ACK")
        answer = alice.expect(486)
        assert answer.channel.connection.getsockname()[1] == alice.port, "to the port that its Via names"
        alice.ack(invite, answer)


# --- how requests leave: 18.1.1 ---


def listening_beside(server, peer):
    """What takes streams at the address where `peer` takes datagrams: one of its own, or the port might be taken."""
    return peer_at(server, server.address, peer.user, "tcp", host=peer.host, port=peer.port)


def test_a_large_request_goes_by_tcp_and_says_so(lab):
    alice, bob = lab.peer("alice"), lab.registered("bob", host=own_address())
    at_stream = listening_beside(lab, bob)
    alice.send(alice.request("MESSAGE", bob.aor, body=LARGE))
    message = at_stream.expect("MESSAGE")
    assert message.get("Via").startswith("SIP/2.0/TCP ") and message.body == LARGE
    at_stream.respond(message, 200)
    alice.expect(200)
    bob.expect_silence(0)
    alice.send(alice.request("MESSAGE", bob.aor, body=b"small"))
    assert bob.expect("MESSAGE").get("Via").startswith("SIP/2.0/UDP ")


def test_a_large_invite_by_tcp_makes_a_call(lab):
    alice, bob = lab.peer("alice", "tcp"), lab.registered("bob", host=own_address())
    at_stream = listening_beside(lab, bob)
    caller_end, _ = establish(alice, at_stream, bob.aor, body=b"v=0\r\n" + LARGE)
    finish(caller_end, at_stream)


def test_a_large_request_that_is_refused_by_tcp_falls_back_to_udp(lab):
    alice, bob = lab.peer("alice"), lab.registered("bob")
    alice.send(alice.request("MESSAGE", bob.aor, body=LARGE))
    message = bob.expect("MESSAGE")
    assert message.get("Via").startswith("SIP/2.0/UDP ") and message.body == LARGE
    bob.respond(message, 200)
    alice.expect(200)


def test_a_large_request_falls_back_to_udp_when_nobody_takes_the_connection(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("connect_timeout = 100ms\n")
    server = tchind(options=["--no-auth", "--config", str(config)])
    alice, bob = server.peer("alice"), server.registered("bob")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as full, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as first:
        full.bind((bob.host, bob.port))
        full.listen(0)
        first.connect((bob.host, bob.port))  # now the backlog has no room, and SYNs are dropped
        alice.send(alice.request("MESSAGE", bob.aor, body=LARGE))
        assert bob.expect("MESSAGE").get("Via").startswith("SIP/2.0/UDP ")


# --- connections ---


@pytest.mark.parametrize("workers", [1, 3])
def test_a_connection_to_a_peer_is_used_again(tchind, workers):
    server = tchind(options=["--no-auth", "--workers", str(workers)])
    alice, bob = server.peer("alice"), server.peer("bob", "tcp")
    assert server.peer("bob").register(contacts=[f"<{bob.contact_uri}>"]).status == 200
    for _ in range(6):  # of any worker
        alice.send(alice.request("MESSAGE", bob.aor))
        bob.respond(bob.expect("MESSAGE"), 200)
        alice.expect(200)
    assert len(bob.channels) == 1


def test_who_registered_by_a_connection_is_called_by_it(lab):
    alice, bob = lab.peer("alice"), lab.registered("bob", "tcp")
    channel = bob.channels[0]
    alice.send(alice.request("MESSAGE", bob.aor))
    message = bob.expect("MESSAGE")
    assert message.channel is channel
    bob.respond(message, 200)
    alice.expect(200)
    channel.connection.close()
    bob.channels.clear()
    alice.send(alice.request("MESSAGE", bob.aor))
    message = bob.expect("MESSAGE")
    assert message.channel.connection.getsockname()[1] == bob.port, "its contact is as good when it is gone"
    bob.respond(message, 200)
    alice.expect(200)


@pytest.fixture
def impatient(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("idle_timeout = 1s\nmessage_timeout = 1s\n")
    return tchind(options=["--no-auth", "--config", str(config)])


def assert_closed_within(connection, least_s, most_s):
    start = time.monotonic()
    connection.settimeout(most_s + 2)
    try:
        rest = connection.recv(65536)
    except ConnectionResetError:
        rest = b""
    assert rest == b"" and least_s <= time.monotonic() - start <= most_s


def test_a_connection_without_traffic_is_closed(impatient):
    alice = impatient.peer("alice", "tcp")
    alice.send(alice.request("OPTIONS", "sip:example.org"))
    alice.expect(200)
    assert_closed_within(alice.channels[0].connection, 0.8, 3)


def test_half_a_message_that_never_ends_is_not_waited_for(impatient):
    """However busily the peer sends drop by drop."""
    alice = impatient.peer("alice", "tcp")
    channel = alice.connect()
    channel.connection.sendall(b"OPTIONS sip:example.org SIP/2.0\r\n")
    start = time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() - start < 5:
            channel.connection.sendall(b"x")
            time.sleep(0.05)
    assert 0.8 < time.monotonic() - start < 3


def test_pings_are_answered_with_pongs_and_keep_a_connection_alive(impatient):
    alice = impatient.peer("alice", "tcp")
    channel = alice.connect()
    for _ in range(4):
        channel.connection.sendall(b"\r\n\r\n")
        assert channel.connection.recv(100) == b"\r\n"
        time.sleep(0.4)
    channel.connection.sendall(b"\r\n")  # our pong, were it one, has no answer
    assert not select.select([channel.connection], [], [], 0.1)[0]
    alice.send(alice.request("OPTIONS", "sip:example.org"))
    alice.expect(200)


def test_a_datagram_of_line_ends_has_no_answer(lab):
    alice = lab.peer("alice")
    for octets in (b"\r\n\r\n", b"\r\n", b"\0\0\0\0", b"\n"):
        alice.send(octets)
    alice.send(alice.request("OPTIONS", "sip:example.org"))
    alice.expect(200)
    alice.expect_silence(0.1)


def test_several_messages_in_one_segment_are_all_answered(lab):
    alice = lab.peer("alice", "tcp")
    requests = [alice.request("OPTIONS", "sip:example.org", body=b"x" * (n % 3)) for n in range(40)]
    alice.connect().connection.sendall(b"\r\n\r\n".join(request.octets() for request in requests))
    answers = [alice.response().get("Call-ID") for _ in requests]
    assert sorted(answers) == sorted(request.get("Call-ID") for request in requests)  # several workers: in any order


@pytest.mark.parametrize("size", [1, 2, 7, 64, 333])
def test_a_message_may_come_in_pieces_of_any_size(lab, size):
    alice = lab.peer("alice", "tcp")
    connection = alice.connect().connection
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    octets = b"".join(alice.request("OPTIONS", "sip:example.org", body=b"\r\n\r\nSIP/2.0 200 OK\r\n").octets() for _ in range(2))
    for at in range(0, len(octets), size):
        connection.sendall(octets[at:at + size])
    for _ in range(2):
        alice.expect(200)


@pytest.mark.parametrize("line", ["", "Content-Length: many\r\n", "Content-Length: -1\r\n", "Content-Length: 0\r\nl: 5\r\n",
                                  "Content-Length: 99999999999999999999\r\n"])
def test_a_stream_that_lost_its_framing_is_told_and_closed(lab, line):
    alice = lab.peer("alice", "tcp")
    request = alice.request("OPTIONS", "sip:example.org").octets().replace(b"Content-Length: 0\r\n", line.encode())
    after = alice.request("OPTIONS", "sip:example.org").octets()
    alice.connect().connection.sendall(request + after)
    answer = alice.response()
    assert answer.status == 400 and "Content-Length" in answer.start
    deadline = time.monotonic() + 4
    while alice.channels and time.monotonic() < deadline:
        assert alice.receive(0.05) is None, "nothing behind it can be understood"
    assert alice.channels == []


def test_a_peer_that_sends_no_more_still_gets_its_answer(lab):
    """As long as there is nobody at the port that its Via names."""
    bob = lab.registered("bob")
    alice = lab.peer("alice", "tcp")
    channel = alice.connect()
    message = alice.request("MESSAGE", bob.aor)
    alice.socket.close()
    channel.connection.sendall(message.octets())
    channel.connection.shutdown(socket.SHUT_WR)
    at_bob = bob.expect("MESSAGE")
    time.sleep(0.05)
    bob.respond(at_bob, 200)
    channel.connection.settimeout(4)
    assert channel.connection.recv(65536).startswith(b"SIP/2.0 200 ")


def test_connections_above_the_ceiling_of_a_host_are_closed_and_others_served(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("max_connections_per_host = 5\n")
    server = tchind(options=["--no-auth", "--workers", "1", "--config", str(config)])
    kept = [Channel(socket.create_connection(server.address, 4)) for _ in range(5)]
    with socket.create_connection(server.address, 4) as refused:
        assert_closed_within(refused, 0, 2)
    other = peer_at(server, server.address, "other", "tcp", host="127.0.0.9")
    other.send(other.request("OPTIONS", "sip:example.org"))
    other.expect(200)
    for channel in kept:
        channel.connection.close()
