"""
TLS as the peers see it: RFC 3261 26.3.2, RFC 5922. Registering and calling, which certificate who is shown,
whom the server believes, and what comes of handshakes that fail.
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

import pytest

from certificates import Authority
from phones import free_port
from servers import IS_SANITIZED, until
from sip import Peer, establish, finish, own_address, param_of, uri_of

USERS = {"alice": "wonderland", "bob": "builder"}


@pytest.fixture
def secure(tchind, authority, tmp_path):
    """Starts a server that has a certificate for example.org and trusts the authority."""

    def start(options=(), domains=("example.org",), users=USERS, settings=""):
        config = tmp_path / "tchin.conf"
        config.write_text(f'trusted_certificates = "{authority.root}"\n{settings}')
        return tchind(users=users, domains=domains, tls_port=5061, options=["--config", config, *options],
                      certificates={domain: authority.issue(f"DNS:{domain}") for domain in domains})

    return start


def test_a_phone_registers_and_is_called_by_tls(secure, authority):
    server = secure()
    alice, bob = (server.registered(user, "tls", security=authority.client()) for user in USERS)
    caller_end, callee_end = establish(alice, bob, bob.aor)
    assert [param_of(uri_of(route).replace("sip:", "<>", 1), "transport") for route in caller_end.routes] == ["tls"]
    finish(callee_end, alice)
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)


@pytest.mark.parametrize("callers, callees", [("udp", "tls"), ("tls", "tcp")])
def test_a_call_crosses_from_and_to_tls(secure, authority, callers, callees):
    server = secure()
    security = {"tls": {"security": authority.client()}}
    alice = server.registered("alice", callers, **security.get(callers, {}))
    bob = server.registered("bob", callees, **security.get(callees, {}))
    invite = alice.invite(bob.aor)
    received = bob.expect("INVITE")
    assert received.values("Via")[0].split()[0] == f"SIP/2.0/{callees.upper()}"
    bob.respond(received, 486)
    bob.expect("ACK")
    alice.ack(invite, alice.expect(486))
    caller_end, callee_end = establish(alice, bob, bob.aor)
    finish(callee_end, alice)
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)


# --- certificates ---


def shown(server, name=None, **options):
    """The names in the certificate that a client is shown who asks for `name`."""
    context = ssl._create_unverified_context(**options)
    with socket.create_connection((server.host, server.tls_port), 5) as plain, \
         context.wrap_socket(plain, server_hostname=name) as connection:
        der = connection.getpeercert(True)
    text = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-ext", "subjectAltName,basicConstraints", "-serial"],
                          input=der, capture_output=True, timeout=10).stdout.decode()
    return sorted(re.findall(r"(?:DNS|URI|IP Address):[^,\s]+", text)), re.search("serial=(.*)", text)[1]


def test_each_domain_shows_its_own_certificate(secure):
    server = secure(domains=("example.org", "example.net"), users={})
    assert shown(server, "example.net")[0] == ["DNS:example.net"]
    assert shown(server, "EXAMPLE.org")[0] == ["DNS:example.org"]
    assert shown(server)[0] == ["DNS:example.org"], "who asks for none sees that of the first domain"
    assert shown(server, "elsewhere.example")[0] == ["DNS:example.org"]


def test_a_name_that_is_only_in_the_certificate_chooses_it(secure, authority):
    server = secure(domains=("example.org", "example.net"), users={})
    server.certify(authority.issue("DNS:example.net,DNS:sip.example.net"), "example.net")
    end = time.monotonic() + 5
    while "DNS:sip.example.net" not in shown(server, "sip.example.net")[0]:
        assert time.monotonic() < end


def test_a_certificate_is_replaced_twenty_times_while_calls_go_on(secure, authority):
    server = secure()
    alice, bob = (server.registered(user, "tls", security=authority.client()) for user in USERS)
    seen = {shown(server)[1]}
    channels = alice.channels[:], bob.channels[:]
    caller_end, _ = establish(alice, bob, bob.aor)
    for i in range(20):
        server.certify(authority.issue(f"DNS:example.org,DNS:number{i}.example"))
        deadline = time.monotonic() + 5
        while (serial := shown(server)[1]) in seen:
            assert time.monotonic() < deadline, f"number {i} is not shown"
            other, _ = establish(alice, bob, bob.aor)
            finish(other, bob)
        seen.add(serial)
    finish(caller_end, bob)
    assert (alice.channels, bob.channels) == channels, "a connection was lost"
    assert len(seen) == 21


def own_kb(server):
    """What memory the server has for itself."""
    return int(re.search(r"^Anonymous:\s+(\d+)", pathlib.Path(f"/proc/{server.process.pid}/smaps_rollup").read_text(), re.MULTILINE)[1])


@pytest.mark.skipif(IS_SANITIZED or bool(os.environ.get("TCHIN_WRAP")),
                    reason="a sanitizer's allocator keeps what is freed; of what is lost it tells itself")
def test_memory_does_not_grow_when_certificates_are_replaced(secure, authority):
    server = secure(["--workers", "2"])
    alice, bob = (server.registered(user, "tls", security=authority.client()) for user in USERS)
    caller_end, _ = establish(alice, bob, bob.aor)
    issued = [authority.issue(f"DNS:example.org,DNS:number{i}.example") for i in range(2)]
    seen, memory = shown(server)[0], {}
    for i in range(1, 26):
        server.certify(issued[i % 2])
        deadline = time.monotonic() + 5
        while (names := shown(server)[0]) == seen:
            assert time.monotonic() < deadline, f"number {i} is not shown"
        seen = names
        memory[i] = own_kb(server)
    finish(caller_end, bob)
    assert memory[25] - memory[5] < 150, memory


def test_what_cannot_be_used_is_one_line_and_what_was_there_stays(secure, authority):
    server = secure()
    before = shown(server)
    other = authority.issue("DNS:example.org")
    for wrong, reason in ((("cert", b"no certificate at all"), "the file of the certificate holds none"),
                          (("cert", other[0].read_bytes()), "do not belong together"),
                          (("key", b""), "the file of the key holds none")):
        (server.data / "tls" / "example.org" / f"{wrong[0]}.pem").write_bytes(wrong[1])
        server.wait_log(f"certificate not read.*domain=example.org.*reason=.*{reason}")
        assert shown(server) == before
    server.process.send_signal(signal.SIGHUP)
    server.wait_log("configuration reloaded")
    assert shown(server) == before
    assert sum("certificate not read" in line for line in server.log) == 3
    server.certify(other)
    end = time.monotonic() + 5
    while shown(server) == before:
        assert time.monotonic() < end


def test_without_a_certificate_it_says_what_is_missing(tchind):
    server = tchind(options=["--no-auth"])
    line = server.wait_log("tchind: no TLS")
    assert f"{server.data}/tls/example.org/cert.pem" in line and "--self-signed" in line


def test_a_certificate_that_comes_later_is_taken(tchind, authority):
    server = tchind(options=["--no-auth"], tls_port=5061)
    with pytest.raises(OSError):
        shown(server)
    server.wait_log("TLS handshake failed.*tls/DOMAIN")
    server.certify(authority.issue("DNS:example.org"))
    server.wait_log("certificate read")

    def is_shown():
        try:
            return shown(server)[0] == ["DNS:example.org"]
        except OSError:  # of another worker, which has still to hear of it
            return False

    until(is_shown)


def test_self_signed_makes_one_and_says_so_and_keeps_it(tchind):
    server = tchind(options=["--no-auth", "--self-signed"], tls_port=5061)
    assert "For a lab only" in server.wait_log("--self-signed: made")
    assert [path.stat().st_mode & 0o777 for path in (server.data / "tls" / "example.org").iterdir()] == [0o600, 0o600]
    trust = ssl.create_default_context(cafile=server.data / "tls" / "example.org" / "cert.pem")
    peer = server.registered("alice", "tls", security=trust)
    peer.close()
    names, serial = shown(server)
    assert names == ["DNS:example.org", "URI:sip:example.org"]
    server.stop()
    server.start()
    assert shown(server) == (names, serial)


# --- handshakes ---


def s_client(server, *options, typed=""):
    return subprocess.run(["openssl", "s_client", "-connect", f"{server.host}:{server.tls_port}", *options], input=typed,
                          capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("version, name", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_tls_of_these_days_is_spoken_and_believed(secure, authority, version, name):
    server = secure()
    done = s_client(server, version, "-CAfile", str(authority.root), "-verify_return_error", "-verify_hostname", "example.org")
    assert done.returncode == 0, done.stderr
    assert name in done.stdout and "Verify return code: 0 (ok)" in done.stdout


def test_what_is_too_old_is_refused_with_a_line_that_says_so(secure):
    server = secure()
    done = s_client(server, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "protocol version" in done.stderr
    assert "TLS 1.2 and 1.3 are spoken here" in server.wait_log("TLS handshake failed")


def test_who_wants_to_renegotiate_is_not_obeyed(secure):
    server = secure()
    done = s_client(server, "-tls1_2", typed="R\n")
    assert "no renegotiation" in done.stderr


@pytest.mark.parametrize("workers", [1, 4])
def test_a_session_is_resumed_at_whichever_worker(secure, tmp_path, workers):
    server = secure(["--workers", str(workers)])
    session = tmp_path / "session"
    assert s_client(server, "-tls1_2", "-sess_out", str(session)).returncode == 0
    for _ in range(8):
        assert "Reused, TLSv1.2" in s_client(server, "-tls1_2", "-sess_in", str(session)).stdout


def test_who_speaks_no_tls_is_one_line_that_says_so(secure):
    server = secure()
    with socket.create_connection((server.host, server.tls_port)) as plain:
        plain.sendall(b"OPTIONS sip:example.org SIP/2.0\r\n\r\n")
        assert plain.recv(100)[:1] in (b"", b"\x15")  # an alert
    assert "let it use the port of TCP" in server.wait_log("TLS handshake failed")


def test_a_flood_of_failed_handshakes_fills_no_log(secure):
    server = secure(["--workers", "1"])
    host = own_address()
    for _ in range(100):
        with socket.create_connection((server.host, server.tls_port), source_address=(host, 0)) as plain:
            plain.sendall(b"OPTIONS sip:example.org SIP/2.0\r\n\r\n")
            assert plain.recv(100)[:1] in (b"", b"\x15")
    others = [own_address() for _ in range(4)]  # one in 64 shares its allowance with the flood
    for other in others:
        with socket.create_connection((server.host, server.tls_port), source_address=(other, 0)) as plain:
            plain.sendall(b"OPTIONS sip:example.org SIP/2.0\r\n\r\n")
            assert plain.recv(100)[:1] in (b"", b"\x15")
    server.wait_log(f"TLS handshake failed.*peer=({'|'.join(map(re.escape, others))}):")
    assert sum(f"peer={host}:" in line for line in server.log) == 20


def test_a_stalled_handshake_ends(secure):
    server = secure(settings="handshake_timeout = 500ms\n")
    began = time.monotonic()
    with socket.create_connection((server.host, server.tls_port)) as silent, \
         socket.create_connection((server.host, server.tls_port)) as half:
        half.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        for stalled in (silent, half):
            stalled.settimeout(4)
            assert stalled.recv(1) == b""
    assert 0.4 < time.monotonic() - began < 3
    server.wait_log("TLS handshake failed.*fell silent")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_half_a_record_is_waited_for_as_long_as_half_a_message(secure, authority, version):
    server = secure(settings="message_timeout = 1s\n")
    context = authority.client()
    context.maximum_version = version
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="example.org")
    with socket.create_connection((server.host, server.tls_port), 5) as raw:

        def exchange(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    raw.sendall(outgoing.read())
                    incoming.write(raw.recv(65536))

        exchange(tls.do_handshake)
        tls.write(b"\r\n\r\n")
        raw.sendall(outgoing.read())
        assert exchange(lambda: tls.read(10)) == b"\r\n"
        tls.write(b"OPTIONS sip:example.org SIP/2.0\r\n")
        record = outgoing.read()
        began = time.monotonic()
        raw.settimeout(5)
        for byte in record[:-1]:  # one by one it is no faster
            raw.sendall(bytes([byte]))
        while raw.recv(65536):  # it takes its leave
            pass
        assert 0.9 < time.monotonic() - began < 3


def test_half_open_handshakes_are_bounded_for_each_host_and_take_nothing_from_others(secure, authority):
    server = secure(["--workers", "1"], settings="max_handshakes_per_host = 5\nmax_handshakes = 8\nhandshake_timeout = 20s\n")
    crowd = own_address()

    def half_open(host):
        half = socket.create_connection((server.host, server.tls_port), 5, source_address=(host, 0))
        with contextlib.suppress(OSError):  # if it has been closed already
            half.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        return half

    def is_open(half, seconds):
        half.settimeout(seconds)
        try:
            return half.recv(1) != b""
        except TimeoutError:
            return True
        except ConnectionResetError:
            return False

    halves = [half_open(crowd) for _ in range(7)]
    assert not any(is_open(half, 3) for half in halves[5:])
    assert all(is_open(half, 0.1) for half in halves[:5])
    alice = server.registered("alice", "tls", security=authority.client())
    others = [half_open(own_address()) for _ in range(4)]
    assert not is_open(others[3], 3), "there is a ceiling for all, too"
    assert all(is_open(half, 0.1) for half in others[:3])
    server.hang_up(halves[0])
    bob = server.registered("bob", "tls", security=authority.client())
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)
    for half in halves + others:
        half.close()


def test_who_goes_without_a_word_is_no_line_in_the_log(secure):
    server = secure()
    for _ in range(3):
        socket.create_connection((server.host, server.tls_port)).close()
    time.sleep(0.3)
    assert not any("handshake" in line for line in server.log)


# --- whom we believe ---


@pytest.fixture
def foreign(authority):
    """Starts a server of another domain, named localhost, on a port of its own."""
    peers = []

    def start(pair):
        peers.append(Peer("carol", ("127.0.0.1", 9), domain="localhost", transport="tls", host="127.0.0.1",
                          port=free_port(), identity=authority.server(pair)))
        return peers[-1]

    yield start
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("names", ["DNS:localhost", "URI:sip:localhost", "URI:sip:localhost,DNS:other.example"])
def test_a_server_that_proves_to_be_the_domain_is_called(secure, authority, foreign, names):
    server = secure()
    carol = foreign(authority.issue(names))
    alice = server.registered("alice")
    for _ in range(2):
        caller_end, _ = establish(alice, carol, f"sip:carol@localhost:{carol.port};transport=tls")
        finish(caller_end, carol)
    assert len(carol.channels) == 1, "the connection is used again"


WRONG = [("DNS:elsewhere.example", {}, "hostname mismatch"), ("DNS:*.localhost,DNS:*", {}, "hostname mismatch"),
         ("URI:sip:carol@localhost", {}, "hostname mismatch"), ("URI:sip:elsewhere.example,DNS:localhost", {}, "hostname mismatch"),
         ("DNS:localhost", {"days": -1}, "certificate has expired"), ("DNS:localhost", {"usage": "clientAuth"}, "purpose")]


@pytest.mark.parametrize("names, options, reason", WRONG)
def test_a_server_that_does_not_is_not(secure, authority, foreign, names, options, reason):
    server = secure()
    carol = foreign(authority.issue(names, **options))
    alice = server.registered("alice")
    invite = alice.invite(f"sip:carol@localhost:{carol.port};transport=tls")
    carol.expect_silence(0.5)
    alice.ack(invite, alice.expect(500))
    line = server.wait_log("TLS handshake failed with who we called")
    assert reason in line and "remedy=" in line and f"peer=127.0.0.1:{carol.port}" in line


def test_a_server_whose_authority_is_unknown_is_not_called(secure, foreign, tmp_path):
    server = secure()
    carol = foreign(Authority(tmp_path / "unknown", "Unknown CA").issue("DNS:localhost"))
    alice = server.registered("alice")
    invite = alice.invite(f"sip:carol@localhost:{carol.port};transport=tls")
    carol.expect_silence(0.5)
    alice.ack(invite, alice.expect(500))
    assert "trusted_certificates" in server.wait_log("TLS handshake failed with who we called")


def test_a_server_that_says_nothing_is_given_up(secure, authority):
    server = secure(settings="handshake_timeout = 500ms\n")
    alice = server.registered("alice")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        invite = alice.invite(f"sip:carol@localhost:{silent.getsockname()[1]};transport=tls")
        alice.ack(invite, alice.expect(500))
    server.wait_log("TLS handshake failed with who we called.*fell silent")


@pytest.mark.parametrize("policy, without, with_one", [("no", True, True), ("optional", True, True), ("required", False, True)])
def test_clients_prove_who_they_are_where_that_is_asked(secure, authority, tmp_path, policy, without, with_one):
    server = secure(settings=f"client_certificates = {policy}\n")
    unknown = Authority(tmp_path / "unknown", "Unknown CA").issue("DNS:client.example")

    def is_served(pair):
        try:
            server.registered("alice", "tls", security=authority.client(pair)).close()
            return True
        except (OSError, AssertionError):
            return False

    assert is_served(None) == without
    assert is_served(authority.issue("DNS:client.example")) == with_one
    assert is_served(unknown) == (policy != "required")


# --- connections used in both directions: RFC 5923 ---


def aliased(requester, server, via="alias"):
    """That server of another domain asks ours something by a connection of its own, with such a Via."""
    options = requester.request("OPTIONS", "sip:example.org")
    options.set("Via", f"{options.get('Via')};{via}")
    requester.send(options, requester.connect())
    assert requester.response().status in (200, 407)
    return requester.channels[-1]


def calling_server(server, authority, foreign, names, pair):
    """Named localhost for who calls it; connects to ours with the certificate `pair`, or without."""
    carol = foreign(authority.issue(names))
    carol.server, carol.security = (server.host, server.tls_port), authority.client(pair)
    carol.security.check_hostname = False
    return carol


def channel_of_a_call_to(carol, alice):
    invite = alice.invite(f"sip:carol@localhost:{carol.port};transport=tls")
    received = carol.expect("INVITE")
    carol.respond(received, 486)
    carol.expect("ACK")
    alice.ack(invite, alice.expect(486))
    return received.channel


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("names", ["DNS:localhost", "URI:sip:other.example,URI:sip:localhost"])
def test_a_server_that_has_proved_its_domain_is_called_by_the_connection_it_has_opened(secure, authority, foreign, names, workers):
    server = secure(["--workers", str(workers)], settings="client_certificates = optional\n")
    carol = calling_server(server, authority, foreign, names, authority.issue(names))
    opened = aliased(carol, server)
    alice = server.registered("alice")
    for _ in range(4):
        assert channel_of_a_call_to(carol, alice) is opened
    assert carol.channels == [opened]


def test_when_that_connection_is_gone_another_is_opened(secure, authority, foreign):
    server = secure(settings="client_certificates = optional\n")
    carol = calling_server(server, authority, foreign, "DNS:localhost", authority.issue("DNS:localhost"))
    opened = aliased(carol, server)
    alice = server.registered("alice")
    assert channel_of_a_call_to(carol, alice) is opened
    carol.channels.remove(opened)
    server.hang_up(opened.connection)
    assert channel_of_a_call_to(carol, alice) in carol.channels


NO_ALIAS = [("no certificate", None, "optional", "alias"), ("not asked for one", "DNS:localhost", "no", "alias"),
            ("that of another domain", "DNS:elsewhere.example", "optional", "alias"),
            ("that of a user of the domain", "URI:sip:carol@localhost", "optional", "alias"),
            ("it is not asked for", "DNS:localhost", "optional", "no-alias"),
            ("for another port", "DNS:localhost", "optional", "elsewhere")]


@pytest.mark.parametrize("proof, policy, via", [pytest.param(*case[1:], id=case[0]) for case in NO_ALIAS])
def test_who_has_not_is_not(secure, authority, foreign, proof, policy, via):
    server = secure(settings=f"client_certificates = {policy}\n")
    carol = calling_server(server, authority, foreign, "DNS:localhost", proof and authority.issue(proof))
    port, carol.port = carol.port, free_port() if via == "elsewhere" else carol.port
    opened = aliased(carol, server, via)
    carol.port = port
    alice = server.registered("alice")
    assert channel_of_a_call_to(carol, alice) is not opened


def test_a_certificate_that_is_not_believed_is_no_proof(secure, authority, foreign, tmp_path):
    server = secure(settings="client_certificates = optional\n")
    unknown = Authority(tmp_path / "unknown", "Unknown CA").issue("DNS:localhost")
    carol = calling_server(server, authority, foreign, "DNS:localhost", unknown)
    opened = aliased(carol, server)
    alice = server.registered("alice")
    assert channel_of_a_call_to(carol, alice) is not opened


def test_we_ask_for_an_alias_where_we_have_connected_and_nowhere_else(secure, authority, foreign):
    server = secure()
    carol = foreign(authority.issue("DNS:localhost"))
    alice, bob = server.registered("alice"), server.registered("bob", "tls", security=authority.client())
    for callee, uri, is_asked in ((carol, f"sip:carol@localhost:{carol.port};transport=tls", True), (bob, bob.aor, False)):
        invite = alice.invite(uri)
        received = callee.expect("INVITE")
        assert ("alias" in received.values("Via")[0].split(";")) == is_asked
        callee.respond(received, 486)
        ack = callee.expect("ACK")
        assert ack.get("Via") == received.values("Via")[0]
        alice.ack(invite, alice.expect(486))
    options = carol.request("OPTIONS", bob.aor)
    carol.send(options, carol.channels[0])
    bob.respond(bob.expect("OPTIONS"), 200)
    carol.expect(200)


# --- sips: RFC 5630 ---


def secured(server, authority, user):
    """A phone that has registered a sips contact."""
    peer = server.peer(user, "tls", security=authority.client())
    peer.contact_uri = peer.contact_uri.replace("sip:", "sips:").removesuffix(";transport=tls")
    response = peer.register(scheme="sips")
    assert response.status == 200, str(response)
    return peer


def test_a_sips_call_is_secure_on_every_hop_and_so_is_what_follows(secure, authority):
    server = secure()
    alice, bob = (secured(server, authority, user) for user in USERS)
    invite = alice.invite("sips:bob@example.org")
    received = bob.expect("INVITE")
    assert received.uri == bob.contact_uri
    assert [via.split()[0] for via in received.values("Via")] == ["SIP/2.0/TLS"] * 2
    assert all(uri_of(route).startswith("sips:") for route in received.values("Record-Route"))
    bob.respond(received, 486)
    bob.expect("ACK")
    alice.ack(invite, alice.expect(486))
    caller_end, callee_end = establish(alice, bob, "sips:bob@example.org")
    finish(callee_end, alice)
    caller_end, _ = establish(alice, bob, "sips:bob@example.org")
    finish(caller_end, bob)


def test_a_sip_call_reaches_a_sips_contact_as_sip_and_by_tls(secure, authority):
    server = secure()
    alice, bob = server.registered("alice"), secured(server, authority, "bob")
    alice.invite(bob.aor)
    received = bob.expect("INVITE")
    assert received.uri == bob.contact_uri.replace("sips:", "sip:")
    assert received.values("Via")[0].split()[0] == "SIP/2.0/TLS"
    assert all(uri_of(route).startswith("sip:") for route in received.values("Record-Route"))


def test_a_sips_call_does_not_reach_who_is_not_secure(secure, authority):
    server = secure()
    alice, bob = secured(server, authority, "alice"), server.registered("bob")
    invite = alice.invite("sips:bob@example.org")
    refused = alice.expect(480)
    alice.ack(invite, refused)
    assert re.fullmatch('380 [^ ]+ "SIPS Not Allowed"', refused.get("Warning"))
    bob.expect_silence()


def test_sips_that_came_by_another_way_is_refused(secure, tchind):
    alice = secure().peer("alice")
    alice.send(alice.request("OPTIONS", "sips:example.org"))
    alice.expect(400)
    other = tchind(options=["--no-auth"]).peer("alice")
    other.send(other.request("OPTIONS", "sips:example.org"))
    other.expect(416)


def test_a_sips_contact_wants_all_to_be_sips(secure, authority):
    server = secure()
    alice = server.peer("alice", "tls", security=authority.client())
    secure_contact = f"<{alice.contact_uri.replace('sip:', 'sips:')}>"
    assert alice.register(contacts=[secure_contact]).status == 400
    assert alice.register(contacts=[secure_contact, f"<{alice.contact_uri}>"], scheme="sips").status == 400
    assert alice.register(contacts=[f"<{alice.contact_uri}>", secure_contact], scheme="sips").status == 400
    assert alice.register(contacts=[secure_contact], headers=[("Path", "<sip:192.0.2.1;lr>")], scheme="sips").status in (400, 420)
    assert alice.register(contacts=[f"<{alice.contact_uri}>"]).status == 200
    changed = alice.register(contacts=[secure_contact], scheme="sips")
    assert [uri_of(value) for value in changed.values("Contact")] == [uri_of(secure_contact)], "it takes the other's place"


def test_the_gruus_of_a_sips_contact_are_sips_and_lead_to_it(secure, authority):
    """RFC 5630 5.2.1"""
    server = secure()
    alice, bob = (secured(server, authority, user) for user in USERS)
    contact = f'<{bob.contact_uri}>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"'
    answer = bob.register(contacts=[contact], headers=[("Supported", "gruu")], scheme="sips", cseq=10)
    for name in ("pub-gruu", "temp-gruu"):
        gruu = param_of(answer.get("Contact"), name).strip('"')
        assert gruu.startswith("sips:")
        caller_end, _ = establish(alice, bob, gruu)
        finish(caller_end, bob)


def test_sips_to_another_domain_goes_by_tls_or_not_at_all(secure, authority, foreign):
    server = secure()
    alice, carol = secured(server, authority, "alice"), foreign(authority.issue("DNS:localhost"))
    carol.contact_uri = carol.contact_uri.replace("sip:", "sips:").removesuffix(";transport=tls")
    caller_end, callee_end = establish(alice, carol, f"sips:carol@localhost:{carol.port}")
    finish(caller_end, carol)
    with socket.create_server(("127.0.0.1", 0)) as plain:
        plain.settimeout(4)
        options = alice.send(alice.request("OPTIONS", f"sips:x@localhost:{plain.getsockname()[1]}"))
        alice.again(options, alice.expect(407))
        assert plain.accept()[0].recv(3)[:2] == b"\x16\x03", "a ClientHello"


def test_a_sips_contact_is_registered_and_called_through_an_edge(tchind, authority, tmp_path):
    """RFC 5630 5.2: its Path must be sips, too."""
    hosts = {name: own_address() for name in ("home", "edge")}
    config = tmp_path / "tchin.conf"

    def start(name, users, settings=""):
        config.write_text(f'trusted_certificates = "{authority.root}"\n{settings}')
        return tchind(users=users, domains=[f"{name}.example"], host=hosts[name], tls_port=5061, options=["--config", config],
                      certificates={f"{name}.example": authority.issue(f"DNS:{name}.example,IP:{hosts[name]}")})

    home, edge = start("home", USERS), start("edge", {}, f"edge_of = {hosts['home']}\n")
    alice = secured(home, authority, "alice")
    bob = edge.peer("bob", "tls", password=USERS["bob"], security=authority.client())
    bob.domain, bob.aor = home.domain, "sip:bob@home.example"
    bob.contact_uri = bob.contact_uri.replace("sip:", "sips:").removesuffix(";transport=tls")
    contact = f'<{bob.contact_uri}>;reg-id=1;+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"'
    routes = [("Route", f"<sips:{host}:5061;lr>") for host in (edge.host, home.host)]
    answer = bob.register(contacts=[contact], headers=[*routes, ("Supported", "path, outbound")], scheme="sips")
    assert answer.status == 200, str(answer)
    assert re.fullmatch(rf"<sips:[\w-]+@{re.escape(edge.host)}:5061;lr;ob>", answer.get("Path"))
    caller_end, _ = establish(alice, bob, "sips:bob@home.example")
    finish(caller_end, bob)
