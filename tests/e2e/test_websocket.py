"""
WebSocket as its clients see it: RFC 6455, RFC 7118; and the pages of HTTP on the same ports.
"""

import os
import shlex
import shutil
import socket
import ssl
import subprocess
import time

import pytest

import servers
import websocket
from phones import free_port
from sip import establish, finish, own_address
from websocket import BINARY, CLOSE, CONTINUATION, PING, TEXT, Channel, connect, frame, get, handshake


@pytest.fixture
def web(tchind):
    """A server with a WebSocket port beside the usual two: example.org with alice and bob."""
    return start(tchind)


def start(tchind, listen=("ws",), options=(), **settings):
    host = own_address()
    places = {kind: (host, free_port(host)) for kind in listen}
    uris = [f"udp:{host}:5060", f"tcp:{host}:5060", *(f"{kind}:{host}:{port}" for kind, (_, port) in places.items())]
    server = tchind(users={"alice": "wonderland", "bob": "builder"}, host=host, listen=uris, options=options, **settings)
    server.places = places
    return server


def browser(server, user, kind="ws", **options):
    peer = websocket.Peer(user, server.places[kind], domain=server.domain, password=server.users.get(user), **options)
    server.peers.append(peer)
    return peer


def registered(server, user, **options):
    peer = browser(server, user, **options)
    assert peer.register().status == 200
    return peer


def options_to(peer):
    return peer.request("OPTIONS", f"sip:{peer.domain}", contact="")


# --- messages ---


def test_a_browser_registers_and_is_reached_by_who_uses_udp(web):
    alice, bob = registered(web, "alice"), web.registered("bob")
    request = bob.send(bob.request("MESSAGE", "sip:alice@example.org", body=b"hello"))
    bob.again(request, bob.expect(407))
    got = alice.expect("MESSAGE")
    assert got.uri == alice.contact_uri and got.body == b"hello"
    assert got.get("Via").startswith(f"SIP/2.0/WS {web.places['ws'][0]}:{web.places['ws'][1]};")
    alice.respond(got, 200)
    assert bob.expect(200).method == "MESSAGE"


def test_two_browsers_exchange_messages(web):
    alice, bob = registered(web, "alice"), registered(web, "bob")
    for one, other in ((alice, bob), (bob, alice)):
        request = one.send(one.request("MESSAGE", f"sip:{other.user}@example.org", body="caf\u00e9".encode()))
        one.again(request, one.expect(407))
        got = other.expect("MESSAGE")
        assert got.body == "caf\u00e9".encode()
        other.respond(got, 200)
        assert one.expect(200).method == "MESSAGE"


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_a_message_may_come_in_any_frames(web, cut):
    peer = browser(web, "alice")
    octets = options_to(peer).octets()
    channel = peer.connect()
    pieces = [octets[i:i + cut] for i in range(0, len(octets), cut)]
    for i, piece in enumerate(pieces):
        channel.connection.sendall(frame(CONTINUATION if i else BINARY, piece, final=i + 1 == len(pieces)))
        if i == 1:
            channel.connection.sendall(frame(PING, b"still there?"))
    assert peer.expect(200).method == "OPTIONS"
    peer.expect_silence()
    assert channel.pongs == [b"still there?"]


def test_octets_may_come_one_by_one(web):
    peer = browser(web, "alice")
    channel = peer.connect()
    for octet in frame(TEXT, options_to(peer).octets()):
        channel.connection.sendall(bytes([octet]))
    assert peer.expect(200).method == "OPTIONS"


def test_a_message_that_is_no_text_leaves_as_binary(web):
    alice, bob = registered(web, "alice"), web.registered("bob")
    for body, opcode in ((b"plain", TEXT), (b"\xff\xfe", BINARY), ("\u20ac".encode(), TEXT)):
        request = bob.send(bob.request("MESSAGE", "sip:alice@example.org", body=body))
        bob.again(request, bob.expect(407))
        got = alice.expect("MESSAGE")
        assert got.body == body
        assert alice.channels[-1].opcodes[-1] == opcode
        alice.respond(got, 200)
        bob.expect(200)


def test_pings_of_crlf_are_answered(web):
    peer = browser(web, "alice")
    channel = peer.connect()
    channel.send(b"\r\n\r\n")
    assert channel.receive() == b"\r\n"


def test_what_is_too_large_is_refused_and_the_connection_closed(web):
    peer = browser(web, "alice")
    channel = peer.connect()
    request = options_to(peer)
    request.body = b"x" * 70000
    channel.send(request.octets())
    assert peer.expect(513).method == "OPTIONS"
    channel.connection.settimeout(8)
    while channel.receive() is not None:
        pass
    assert channel.closed == b"\x03\xf1"  # 1009


def test_a_response_without_a_length_is_given_one_on_its_way_to_tcp(web):
    alice, bob = registered(web, "alice"), web.registered("bob", "tcp")
    request = bob.send(bob.request("MESSAGE", "sip:alice@example.org", body=b"hello"))
    bob.again(request, bob.expect(407))
    alice.respond(alice.expect("MESSAGE"), 200)
    assert bob.expect(200).get("Content-Length") == "0"


# --- calls ---


@pytest.mark.parametrize("caller_is_browser", [True, False])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_browser_and_a_phone_call_each_other(web, transport, caller_is_browser):
    alice, bob = registered(web, "alice"), web.registered("bob", transport)
    caller, callee = (alice, bob) if caller_is_browser else (bob, alice)
    caller_end, callee_end = establish(caller, callee, f"sip:{callee.user}@example.org")
    assert any(";transport=ws;" in route for route in (caller_end.routes[0], callee_end.routes[0]))
    callee_end.request("INFO")
    caller.respond(caller.expect("INFO"), 200)
    callee.expect(200)
    finish(caller_end, callee)


def test_two_browsers_call_each_other_and_either_hangs_up(web):
    for caller_hangs_up in (True, False):
        alice, bob = registered(web, "alice"), registered(web, "bob")
        caller_end, callee_end = establish(alice, bob, "sip:bob@example.org")
        if caller_hangs_up:
            finish(caller_end, bob)
        else:
            finish(callee_end, alice)
        for peer in (alice, bob):
            peer.register(expires=0)


def test_who_is_gone_is_called_in_vain_at_once(web, within):
    alice, bob = registered(web, "alice"), web.registered("bob")
    web.hang_up(alice.channels.pop().connection)
    with within(0, 2):
        invite = bob.invite("sip:alice@example.org")
        bob.ack(invite, bob.expect(480, seconds=3))


def test_whatever_a_browser_calls_its_host_only_its_connection_leads_to_it(web):
    alice, bob = registered(web, "alice", name="192.0.2.77"), web.registered("bob")
    caller_end, callee_end = establish(bob, alice, "sip:alice@example.org")
    assert callee_end.invite.uri == alice.contact_uri
    finish(caller_end, alice)
    web.hang_up(alice.channels.pop().connection)
    invite = bob.invite("sip:alice@example.org")
    bob.ack(invite, bob.expect(480, seconds=3))


def test_who_comes_back_is_reached_by_the_new_connection(web):
    alice, bob = registered(web, "alice"), web.registered("bob")
    alice.channels.pop().connection.close()
    assert alice.register().status == 200
    request = bob.send(bob.request("MESSAGE", "sip:alice@example.org", body=b"again"))
    bob.again(request, bob.expect(407))
    alice.respond(alice.expect("MESSAGE"), 200)
    assert bob.expect(200).method == "MESSAGE"


def test_a_server_that_starts_anew_does_not_look_for_invalid_names(web):
    alice, bob = registered(web, "alice"), web.registered("bob")
    web.kill()
    web.start()
    began = time.monotonic()
    invite = bob.invite("sip:alice@example.org")
    bob.ack(invite, bob.expect(480, seconds=3))
    assert time.monotonic() - began < 2


# --- handshakes ---


@pytest.mark.parametrize("what, status", [
    ({"protocol": None}, 400), ({"protocol": "chat"}, 400), ({"version": "8"}, 426), ({"version": None}, 426),
    ({"origin": "https://elsewhere.example"}, 403), ({"origin": "null"}, 403)])
def test_a_handshake_that_will_not_do_is_told_why(web, what, status):
    answer = websocket.ask(web.places["ws"], handshake("example.org", **what))
    assert answer.status == status
    assert status != 426 or answer.headers["sec-websocket-version"] == "13"
    line = web.wait_log("WebSocket handshake failed")
    assert "reason" in line


def test_what_libwebsockets_says_is_for_who_wants_to_know(tchind):
    for options, is_said in (([], False), (["--log-level", "debug"], True)):
        server = start(tchind, options=options)
        with connect(server.places["ws"]) as connection:
            connection.sendall(handshake("example.org").replace(b"Connection: keep-alive, Upgrade", b"Connection: close"))
            assert connection.recv(100) == b""
        assert registered(server, "alice").channels
        assert any("libwebsockets says=" in line for line in server.log) == is_said


@pytest.mark.parametrize("origin", [None, "https://example.org", "http://example.org:8000"])
def test_pages_of_the_same_host_may_connect(web, origin):
    peer = browser(web, "alice", origin=origin)
    assert peer.register().status == 200


def test_pages_of_other_hosts_may_connect_if_they_are_named(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text('web_origins = "https://phone.example https://other.example"\n')
    server = start(tchind, options=["--config", config])
    assert browser(server, "alice", origin="https://phone.example").register().status == 200
    answer = websocket.ask(server.places["ws"], handshake("example.org", origin="https://third.example"))
    assert answer.status == 403


@pytest.mark.parametrize("octets", [b"", b"GET / HTTP/1.1\r\nHost: ", b"GET /"])
def test_half_a_handshake_ends_in_five_seconds(web, octets):
    with connect(web.places["ws"], seconds=8) as stalled:
        stalled.sendall(octets)
        began = time.monotonic()
        assert stalled.recv(100) == b""
        assert 4 < time.monotonic() - began < 7


def test_a_handshake_that_dribbles_ends_in_five_seconds_too(web):
    with connect(web.places["ws"], seconds=1) as dribbling:
        began = time.monotonic()
        try:
            for octet in b"GET / HTTP/1.1\r\nX-Padding: " + b"x" * 1000:
                dribbling.sendall(bytes([octet]))
                time.sleep(0.1)
        except OSError:
            pass
        assert 4 < time.monotonic() - began < 8


def test_a_flood_of_half_handshakes_leaves_room_for_others(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("max_handshakes_per_host = 20\nworkers = 1\n")
    server = start(tchind, options=["--config", config])
    flooding = own_address()
    flood = [connect(server.places["ws"], source=(flooding, 0)) for _ in range(200)]
    for connection in flood:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        except OSError:
            pass
    assert registered(server, "alice").channels
    closed = 0
    for connection in flood:
        connection.settimeout(0.01)
        try:
            closed += connection.recv(100) == b""
        except TimeoutError:
            pass
        except OSError:
            closed += 1
    assert closed >= 180
    for connection in flood:
        connection.close()


# --- time and room ---


def test_who_is_silent_is_pinged_and_closed_if_it_does_not_answer(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("web_ping = 1s\n")
    server = start(tchind, options=["--config", config])
    alice = registered(server, "alice")
    alice.expect_silence(2.5)
    assert alice.channels[-1].pings >= 2
    dead = Channel(connect(server.places["ws"], seconds=5))
    time.sleep(1.5)
    assert dead.connection.recv(100)[0] == 0x80 | PING
    rest = dead.connection.recv(100)
    assert rest == b"" or rest[0] == 0x80 | CLOSE


def test_an_idle_connection_is_closed(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("idle_timeout = 2s\n")
    server = start(tchind, options=["--config", config])
    channel = Channel(connect(server.places["ws"], seconds=6))
    assert channel.receive() is None
    assert channel.closed == b"\x03\xe9"  # 1001


def test_half_a_message_is_closed(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("message_timeout = 1s\n")
    server = start(tchind, options=["--config", config])
    channel = Channel(connect(server.places["ws"], seconds=6))
    channel.connection.sendall(frame(TEXT, b"OPTIONS sip:", length=1000))
    assert channel.receive() is None


def test_a_browser_that_does_not_read_is_cut_off(web):
    alice, bob = registered(web, "alice"), web.registered("bob", "tcp")
    deaf = alice.channels[-1].connection
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    statuses = set()
    for _ in range(400):
        request = bob.request("INFO", "sip:alice@example.org", body=b"x" * 30000)
        bob.send(request)
        while (answer := bob.receive(0.02)) is not None:
            if answer.status == 407:
                bob.again(request, answer)
            statuses.add(answer.status)
        if 480 in statuses:
            break
    assert 480 in statuses
    assert web.registered("alice").user == "alice"


@pytest.mark.parametrize("octets", [
    frame(TEXT, b"x", masked=False), frame(3), frame(0x0B), frame(CONTINUATION, b"x"), frame(PING, b"x", final=False),
    frame(PING, b"x" * 126), frame(TEXT, b"\xff"), b"\xc1\x80\0\0\0\0", frame(TEXT, b"x", length=1 << 63),
    frame(TEXT, b"x", final=False) + frame(TEXT, b"x"), frame(CLOSE, b"\x03"), frame(CLOSE, b"\x03\xe8bye")],
    ids=["unmasked", "opcode 3", "opcode 11", "nothing to continue", "half a ping", "large ping", "no UTF-8",
         "reserved bit", "length", "two at a time", "half a code", "good-bye"])
def test_what_a_frame_must_not_be_ends_the_connection_alone(web, octets):
    alice = registered(web, "alice")
    with connect(web.places["ws"], seconds=8) as connection:
        channel = Channel(connection)
        connection.sendall(octets)
        connection.sendall(frame(CLOSE, b"\x03\xe8"))
        assert channel.receive() is None
    assert alice.register().status == 200


# --- TLS ---


def test_a_browser_registers_and_calls_by_wss(tchind, authority):
    server = start(tchind, listen=("wss",), certificates={"example.org": authority.issue("DNS:example.org")})
    alice = registered(server, "alice", kind="wss", tls=authority.client())
    bob = server.registered("bob", "tcp")
    caller_end, callee_end = establish(alice, bob, "sip:bob@example.org")
    assert callee_end.invite.get("Via").startswith("SIP/2.0/TCP ")
    finish(callee_end, alice)
    caller_end, callee_end = establish(bob, alice, "sip:alice@example.org")
    assert callee_end.invite.get("Via").startswith("SIP/2.0/WSS ")
    assert callee_end.routes[0].startswith(f"<sip:{server.host}:{server.places['wss'][1]};transport=ws;")
    finish(caller_end, alice)
    assert get(server.places["wss"], "/healthz", tls=authority.client()).body == b"ok\n"


def test_each_domain_shows_its_certificate_by_wss(tchind, authority):
    names = ("example.org", "example.net")
    server = start(tchind, listen=("wss",), domains=names,
                   certificates={name: authority.issue(f"DNS:{name}") for name in names})
    for name in names:
        assert get(server.places["wss"], "/healthz", tls=authority.client(), name=name).status == 200


def test_a_certificate_is_renewed_under_open_websockets(tchind, authority):
    server = start(tchind, listen=("wss",), certificates={"example.org": authority.issue("DNS:example.org")})
    alice = registered(server, "alice", kind="wss", tls=authority.client())
    shown = set()
    for _ in range(5):
        certificate, key = authority.issue("DNS:example.org")
        folder = server.data / "tls" / "example.org"
        shutil.copy(certificate, folder / "cert.pem")
        shutil.copy(key, folder / "key.pem")
        server.process.send_signal(1)
        server.wait_log("certificate read")
        server.began_at = len(server.log)
        deadline = time.monotonic() + 5
        wanted = ssl.PEM_cert_to_DER_cert(certificate.read_text())
        while wanted not in shown and time.monotonic() < deadline:
            with connect(server.places["wss"], tls=authority.client()) as fresh:
                shown.add(fresh.getpeercert(binary_form=True))
        assert wanted in shown
        alice.send(options_to(alice))
        alice.expect(200)
    assert len(alice.channels) == 1


@pytest.mark.parametrize("octets", [b"GET /healthz HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff", b"\0" * 100])
def test_what_is_no_tls_is_told_in_the_log(tchind, authority, octets):
    server = start(tchind, listen=("wss",), certificates={"example.org": authority.issue("DNS:example.org")})
    with connect(server.places["wss"], seconds=8) as connection:
        connection.sendall(octets)
        try:
            assert not connection.recv(100).startswith(b"HTTP")
        except ConnectionResetError:
            pass
        server.wait_log("WebSocket handshake failed.* reason=", seconds=8)


def test_a_tls_handshake_that_stalls_ends_in_five_seconds(tchind, authority):
    server = start(tchind, listen=("wss",), certificates={"example.org": authority.issue("DNS:example.org")})
    with connect(server.places["wss"], seconds=8) as stalled:
        began = time.monotonic()
        assert stalled.recv(100) == b""
        assert 4 < time.monotonic() - began < 7


IN_A_NETWORK_OF_ITS_OWN = """unshare --net sh -c 'ip link set lo up && exec "$@"' sh"""


class Unasked(servers.Server):
    """A server that is not told what to listen on."""

    listeners = ()


@pytest.mark.parametrize("taken, port", [((), 443), ((443,), 8443), ((443, 8443), None)])
def test_where_nobody_says_what_to_listen_on_browsers_find_it(tmp_path, taken, port):
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare")
    script = f"""import signal, socket, subprocess, sys
others = [socket.create_server(("0.0.0.0", port)) for port in {taken}]
child = subprocess.Popen(sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: child.terminate())
sys.exit(child.wait())"""
    wrap = f"{IN_A_NETWORK_OF_ITS_OWN} python3 -c {shlex.quote(script)}" if taken else IN_A_NETWORK_OF_ITS_OWN
    server = Unasked(tmp_path, options=["--self-signed"], wrap=wrap)
    server.start()
    try:
        ready = server.wait_log("tchind: ready")
        if port is None:
            assert "wss" not in ready
            server.wait_log("no WebSockets: ports 443 and 8443 are taken")
            return
        assert f" wss:0.0.0.0:{port}" in ready and f" wss:[::]:{port}" in ready
        asked = subprocess.run(["nsenter", f"--net=/proc/{server.process.pid}/ns/net", "python3", "-c", f"""
import ssl, urllib.request
context = ssl._create_unverified_context()
print(urllib.request.urlopen("https://127.0.0.1:{port}/healthz", context=context).read())"""],
                               capture_output=True, text=True, timeout=10)
        assert asked.stdout == "b'ok\\n'\n", asked.stderr
    finally:
        server.stop()


# --- pages ---


def test_health_is_told_by_http(web):
    for path, text in (("/healthz", b"ok\n"), ("/readyz", b"ok\n")):
        answer = get(web.places["ws"], path)
        assert (answer.status, answer.body) == (200, text)
        assert get(web.places["ws"], path, method="HEAD").body == b""
    assert get(web.places["ws"], "/").status == 404
    assert get(web.places["ws"], "/healthz", method="POST").status == 405


def test_challenges_of_acme_are_answered(tchind):
    server = start(tchind, listen=("http", "ws"))
    folder = server.data / "acme"
    folder.mkdir()
    (folder / "token_-1").write_text("token_-1.thumbprint")
    (server.data / "secret").write_text("secret")
    (folder / "link").symlink_to(server.data / "secret")
    place, base = server.places["http"], "/.well-known/acme-challenge"
    answer = get(place, f"{base}/token_-1")
    assert (answer.status, answer.body) == (200, b"token_-1.thumbprint")
    for path in ("", "/", "/other", "/link", "/../secret", "/..%2fsecret", "/%2e%2e/secret", "/x" * 200, "/token_-1%00"):
        answer = get(place, base + path)
        assert answer is None or answer.status == 404, path
    assert websocket.ask(place, handshake("example.org")).status == 404


def test_who_stops_is_not_ready(tchind):
    server = start(tchind)
    alice, bob = server.registered("alice"), server.registered("bob")
    bob.invite("sip:alice@example.org")
    alice.respond(alice.expect("INVITE"), 180)
    server.process.terminate()
    servers.until(lambda: get(server.places["ws"], "/readyz").status == 503)
    assert get(server.places["ws"], "/healthz").status == 200
