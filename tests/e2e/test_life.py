"""
The life of the process: what keeps it from starting, SIGHUP, SIGTERM at any moment, and what it says of
its decisions.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from servers import BIN, IS_THREAD_SANITIZED, own_address, stranger, until
from sip import Dialog, Message, Peer, establish, finish, unique

STRANGER = {"domain": "elsewhere.example"}
EXIT_CANNOT = 2


def answer_to(peer, method, uri, **parts):
    peer.send(peer.request(method, uri, **parts))
    return peer.response()


# --- what keeps it from starting ---


def run_tchind(*words):
    done = subprocess.run([BIN / "tchind", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.stdout == ""
    return done.returncode, done.stderr


def assert_cannot(outcome, *parts):
    status, said = outcome
    assert status == EXIT_CANNOT and said.count("\n") == 1, said
    assert all(part in said for part in parts), said


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_a_second_one_on_the_same_port_says_so_and_ends(server, tmp_path, protocol):
    socket_name = f"{protocol}:{server.host}:{server.port}"
    assert_cannot(run_tchind("example.org", "--data", tmp_path / "other", "--listen", socket_name), socket_name, "in use")
    assert server.registered("alice")


def test_a_second_one_on_the_same_folder_says_so_and_ends(server):
    outcome = run_tchind("example.org", "--data", server.data, "--listen", f"udp:{own_address()}:5060")
    assert_cannot(outcome, str(server.data))
    assert server.registered("alice")


def test_a_socket_that_cannot_be_is_named(tmp_path):
    assert_cannot(run_tchind("example.org", "--data", tmp_path / "data", "--listen", "udp:192.0.2.1:5060"), "udp:192.0.2.1:5060")


def test_it_starts_again_where_it_was_killed(server):
    """The lock and the sockets of who is dead are no hindrance, nor are its connections."""
    phone = server.registered("bob", "tcp")
    server.kill()
    server.start()
    phone.close()
    assert server.registered("alice", "tcp")


# --- SIGHUP ---


@pytest.fixture
def configured(tchind, tmp_path):
    """A server with a file; `rewrite` changes the file and tells it, and waits until it has read it."""
    path = tmp_path / "tchin.conf"
    path.write_text("")
    server = tchind(users={"alice": "wonderland", "bob": "builder"}, options=["--config", str(path)])

    def rewrite(text, says="configuration reloaded"):
        told = [line for line in server.log if "reloaded" in line]
        path.write_text(text)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: len([line for line in server.log if "reloaded" in line]) > len(told))
        assert says in [line for line in server.log if "reloaded" in line][-1]

    server.rewrite = rewrite
    return server


def test_a_reload_brings_new_domains_and_takes_old_ones_away(configured):
    stranger = configured.peer("stranger", **STRANGER)
    assert answer_to(stranger, "OPTIONS", "sip:example.net").status == 403
    configured.rewrite('domain "example.net" { }\n')
    assert answer_to(stranger, "OPTIONS", "sip:example.net").status == 200
    assert answer_to(stranger, "OPTIONS", "sip:example.org").status == 200
    configured.rewrite("")
    assert answer_to(stranger, "OPTIONS", "sip:example.net").status == 403


def test_a_reload_keeps_calls_and_connections(configured):
    alice, bob = configured.registered("alice", "tcp"), configured.registered("bob", "tcp")
    _, callee_end = establish(alice, bob, bob.aor)
    ringing = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    opened = len(alice.channels), len(bob.channels)
    configured.rewrite('domain "example.net" { }\n')
    ok = bob.respond(at_bob, 200)
    second = Dialog(alice, ringing, alice.expect(200), True)
    second.ack()
    bob.expect("ACK")
    assert (len(alice.channels), len(bob.channels)) == opened
    finish(callee_end, alice)
    finish(second, bob)
    assert ok and bob.register(cseq=9).status == 200


def test_a_wrong_file_changes_nothing(configured):
    configured.rewrite('domain "example.net" { }\n')
    configured.rewrite('dommain "example.com" { }\n', says="configuration not reloaded")
    assert re.search(r"tchin\.conf:1.*domain", configured.log[-1])
    stranger = configured.peer("stranger", **STRANGER)
    assert answer_to(stranger, "OPTIONS", "sip:example.net").status == 200
    configured.rewrite('domain "example.com" { }\n')
    assert answer_to(stranger, "OPTIONS", "sip:example.com").status == 200


def test_it_may_be_told_any_number_of_times(configured):
    for n in range(70):
        configured.rewrite(f'domain "d{n}.example" {{ }}\n')
    assert answer_to(configured.peer("stranger", **STRANGER), "OPTIONS", "sip:d69.example").status == 200


# --- SIGTERM ---


def test_phones_of_all_workers_are_answered_before_it_ends(tchind):
    """A worker that has nothing to do itself may hold the connection that another one answers by."""
    server = tchind(options=["--no-auth", "--workers", "4"])
    bob = server.registered("bob")
    callers = [server.peer(f"caller{i}", ("tcp", "udp")[i % 2]) for i in range(8)]
    calls = [(caller, caller.invite(bob.aor), bob.expect("INVITE")) for caller in callers]
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    for i, (caller, invite, at_bob) in enumerate(calls):
        bob.respond(at_bob, 200 if i % 2 else 486)
        answer = caller.expect(200 if i % 2 else 486)
        if i % 2:
            Dialog(caller, invite, answer, True).ack()
        else:
            caller.ack(invite, answer)
        bob.expect("ACK")
    assert server.ends_well(3)


def test_the_last_call_that_is_taken_gets_its_ack(tchind):
    server = tchind(options=["--no-auth"])
    alice, bob = server.peer("alice"), server.registered("bob")
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    server.process.send_signal(signal.SIGTERM)
    bob.respond(at_bob, 200)
    ok = alice.expect(200)
    time.sleep(0.1)
    Dialog(alice, invite, ok, True).ack()
    bob.expect("ACK")
    assert server.ends_well(3)


def test_a_call_that_only_rings_does_not_keep_it(tchind):
    server = tchind(options=["--no-auth"])
    alice, bob = server.peer("alice"), server.registered("bob", "tcp")
    alice.invite(bob.aor)
    bob.respond(bob.expect("INVITE"), 180)
    alice.expect(180)
    server.process.send_signal(signal.SIGTERM)
    start = time.monotonic()
    assert server.ends_well(5.5)
    assert time.monotonic() - start > 3


class Flood:
    """Threads that send, by sockets of their own, what `make` makes of a number, until it is left."""

    def __init__(self, server, make, transport="udp", threads=3):
        self.server, self.make, self.transport = server, make, transport
        self.is_over = False
        self.threads = [threading.Thread(target=self.run, args=(n * 10**6,)) for n in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def run(self, number):
        kind = socket.SOCK_DGRAM if self.transport == "udp" else socket.SOCK_STREAM
        while not self.is_over:
            with stranger(kind) as one:
                one.settimeout(1)
                try:
                    one.connect(self.server.address)
                    for _ in range(50):
                        one.send(self.make(number))
                        number += 1
                except OSError:
                    time.sleep(0.001)  # nobody is there any more


def message_of(method, user, number, headers=""):
    return (f"{method} sip:{user}@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{number};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:a{number}@example.org>;tag=f\r\nTo: <sip:{user}@example.org>\r\n"
            f"Call-ID: {number}\r\nCSeq: 1 {method}\r\n{headers}Content-Length: 0\r\n\r\n").encode()


def register_of(number):
    return message_of("REGISTER", f"u{number % 500}", number, f"Contact: <sip:u@127.0.0.1:9;n={number}>\r\nExpires: 600\r\n")


def call_of(number):
    return message_of("INVITE", f"nobody{number}", number)


def unanswered_of(number):
    method, user = (("INVITE", "silent"), ("MESSAGE", "gone"), ("INVITE", "gone"))[number % 3]
    return message_of(method, user, number)


def refused_of(number):
    return message_of("MESSAGE", "refusing", number)


def named_of(number):
    return message_of("MESSAGE", f"x@host{number}.invalid", number).replace(b"@example.org SIP", b" SIP", 1)


FLOODS = [("calls to nobody", call_of, "udp"), ("calls to nobody", call_of, "tcp"),
          ("registrations", register_of, "udp"), ("registrations", register_of, "tcp"),
          ("messages to who refuses streams", refused_of, "udp"), ("messages to names", named_of, "udp"),
          ("what is not answered", unanswered_of, "udp")]


@pytest.mark.parametrize("make, transport", [pytest.param(make, transport, id=f"{name} by {transport}")
                                             for name, make, transport in FLOODS])
def test_it_ends_well_in_the_midst_of(tchind, make, transport):
    server = tchind(options=["--no-auth", "--workers", "3"], traces=False)
    server.registered("silent")
    for user, contact in (("gone", "sip:gone@127.0.0.1:9"), ("refusing", "sip:x@127.0.0.1:9;transport=tcp")):
        assert server.peer(user).register(contacts=[f"<{contact}>"]).status == 200
    with Flood(server, make, transport):
        time.sleep(0.25)
        server.process.send_signal(signal.SIGTERM)
        assert server.ends_well(15 if IS_THREAD_SANITIZED else 7)


def test_it_ends_well_with_open_half_open_and_deaf_connections(tchind):
    server = tchind(options=["--no-auth", "--workers", "3"], traces=False)
    peers = [socket.create_connection(server.address, 4) for _ in range(30)]
    for i, peer in enumerate(peers):
        if i % 3 == 1:
            peer.sendall(b"OPTIONS sip:example.org SIP/2.0\r\nVia: ")
        if i % 3 == 2:  # 40 answers to each request, never read
            peer.sendall(message_of("OPTIONS", "nobody", i) * 400)
    time.sleep(0.1)
    server.stop()
    for peer in peers:
        peer.close()


@pytest.fixture
def silent_resolver(tmp_path):
    """What to run a server under so that the name server it asks never answers."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare")
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    host = own_address()
    try:
        resolver.bind((host, 53))
    except OSError:
        pytest.skip("port 53 is not to be had")
    (tmp_path / "resolv.conf").write_text(f"nameserver {host}\n")
    yield resolver, f"""unshare -m sh -c 'mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && exec "$@"' sh"""
    resolver.close()


def test_it_ends_well_while_a_name_server_does_not_answer(tchind, silent_resolver):
    resolver, wrap = silent_resolver
    server = tchind(options=["--no-auth"], wrap=wrap)
    alice = server.peer("alice")
    for n in range(30):
        alice.send(alice.request(("INVITE", "MESSAGE", "ACK")[n % 3], f"sip:x@host{n}.example"))
    resolver.settimeout(4)
    assert b"example" in resolver.recv(500)
    server.process.send_signal(signal.SIGTERM)
    assert server.ends_well(7)


# --- what it says ---


NASTY = 'a"b\\c\x01\x7f\xe9\u2028'.encode("utf-8", "replace").decode("latin-1")


def make_decisions(server):
    """Some decisions, and the Call-IDs by which the log must tell of them."""
    alice, bob = server.registered("alice"), server.registered("bob")
    stranger = server.peer("stranger", **STRANGER)
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)
    refused = stranger.send(stranger.request("MESSAGE", "sip:x@third.example"))
    assert stranger.response().status == 403
    nasty = stranger.request("MESSAGE", "sip:nobody@example.org").set("Call-ID", '"\\' + unique.next("c"))
    stranger.send(nasty)
    assert stranger.response().status == 480
    alice.password = "wrong"
    wrong = alice.request("REGISTER", "sip:example.org", to=f"<{alice.aor}>")
    alice.send(wrong)
    alice.again(wrong, alice.response())
    alice.response()
    return {"403": refused.get("Call-ID"), "480": nasty.get("Call-ID"), "200": caller_end.call_id,
            "wrong password": wrong.get("Call-ID")}


def test_each_decision_is_a_line_of_json_with_its_call_id(tchind):
    server = tchind(users={"alice": "wonderland", "bob": "builder"}, options=["--log", "json"])
    calls = make_decisions(server)
    server.stop()
    lines = [json.loads(line) for line in server.log if not line.startswith("tchind: ")]
    assert all({"time", "level", "event"} <= set(line) for line in lines)
    for what, call_id in calls.items():
        told = [line for line in lines if line.get("call-id") == call_id]
        assert any(what in (line["event"], line.get("status")) for line in told), (what, told)


def test_hostile_text_makes_no_line_of_its_own(tchind):
    for form in ("json", "text"):
        server = tchind(options=["--no-auth", "--log", form])
        alice = server.peer("alice", **STRANGER)
        for uri in (f"sip:{'x' * 5000}@third.example", "sip:%00%0d%0a@third.example", f"sip:{NASTY}@third.example"):
            message = alice.request("MESSAGE", uri)
            message.set("Subject", NASTY).set("User-Agent", NASTY).set("From", f'"{NASTY}" <sip:x@third.example>;tag={NASTY}')
            alice.send(message)
            alice.receive(0.2)
        assert answer_to(alice, "OPTIONS", "sip:example.org").status == 200
        server.stop()
        for line in server.log:
            assert all(" " <= c < "\x7f" for c in line), line
            if form == "json" and not line.startswith("tchind: "):
                json.loads(line)
            elif not line.startswith("tchind: "):
                assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error): ", line), line


def test_each_decision_is_a_line_of_text_with_its_call_id(server):
    calls = make_decisions(server)
    server.stop()
    for what, call_id in calls.items():
        quoted = call_id.replace("\\", "\\\\").replace('"', '\\"')
        assert any(what in line and f"call-id={quoted}" in line.replace('="', "=") for line in server.log), what


def fill(pipe):
    """As if nobody had read for long: not a byte more goes into it."""
    os.set_blocking(pipe, False)
    try:
        while os.write(pipe, b"." * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(pipe, True)


def drain(pipe):
    os.set_blocking(pipe, False)
    try:
        return os.read(pipe, 1 << 20)
    except BlockingIOError:
        return b""


@pytest.fixture
def unread(tmp_path):
    """A server that writes all it can into a pipe, where it ends up and the pipe."""
    host, (reader, writer) = own_address(), os.pipe()
    process = subprocess.Popen(
        [BIN / "tchind", "example.org", "--no-auth", "--data", tmp_path / "data", "--workers", "2", "--trace",
         "--log-level", "debug", "--listen", f"udp:{host}:5060"], stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
    said = b""
    while b"tchind: ready" not in said:
        said += os.read(reader, 4096)
    yield (host, 5060), reader, writer
    process.terminate()
    assert process.wait(10) == 0
    os.close(reader)
    os.close(writer)


def test_calls_go_on_when_nobody_reads_log_and_trace(unread):
    address, reader, writer = unread
    fill(writer)
    with Peer("alice", address) as alice, Peer("bob", address) as bob:
        assert bob.register().status == 200
        for _ in range(20):
            caller_end, _ = establish(alice, bob, bob.aor)
            finish(caller_end, bob)
        for _ in range(2000):  # more than is kept
            assert answer_to(alice, "OPTIONS", "sip:example.org").status == 200
    heard = []
    until(lambda: heard.append(drain(reader)) or re.search(rb"log lines lost, .* count=\d+\n", b"".join(heard)))
    until(lambda: heard.append(drain(reader)) or re.search(rb" \d+ lines lost, for nobody read them\n", b"".join(heard)))


LADDER = re.compile(r"(\d\d:\d\d:\d\d\.\d{3})  +(\S+) (-->|<--) tchind  (UDP|TCP)  (.*)  \((\d+ [A-Z]+), (\S+)\)")


def test_a_trace_is_a_ladder_with_a_line_for_each_message(tchind):
    server = tchind(options=["--no-auth"])
    alice, bob = server.peer("alice"), server.registered("bob", "tcp")
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)
    alice.send(Message("OPTIONS sip:example.org SIP/2.0", [("Via", alice.via()), ("Call-ID", "broken")]))
    server.stop()
    lines = [LADDER.fullmatch(line) for line in server.ladder.read_text().splitlines()]
    steps = [(found[2], found[3], found[4], found[5].split()[0]) for found in lines if found and found[7] == caller_end.call_id]
    at_alice, at_bob = f"{alice.host}:{alice.port}", next(peer for peer, _, kind, _ in steps if kind == "TCP")
    wanted = [(at_alice, "-->", "UDP", "INVITE"), (at_bob, "<--", "TCP", "INVITE"), (at_bob, "-->", "TCP", "180"),
              (at_alice, "<--", "UDP", "180"), (at_bob, "-->", "TCP", "200"), (at_alice, "<--", "UDP", "200"),
              (at_alice, "-->", "UDP", "ACK")]
    assert [step for step in steps if step[3] != "100"][:len(wanted)] == wanted
    assert {step[3] for step in steps[len(wanted):]} == {"ACK", "BYE", "200"}
