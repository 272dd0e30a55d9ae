"""
Hostile peers. The server need not like what it gets; it must be there afterwards, as ready as before, with
bounded memory and time, and end without a leak. What PROTOS has is in test_protos.py.
"""

import glob
import os
import re
import select
import socket
import struct
import threading
import time

import pytest

from servers import IS_THREAD_SANITIZED, own_address, stranger, until
from sip import Message, Peer, bracketed, establish, finish, unique

STRANGER = {"domain": "elsewhere.example"}
AT_ONCE, AT_ONCE_BYTES = 50, 300_000  # before the answers are read: so nothing is lost for want of a buffer
MARKS = 8  # so many that with two workers it is unlikely that all are of one
CPU_MS = 60 if IS_THREAD_SANITIZED else 20  # what one message may cost under a sanitizer; the quadratic ones took 200


class Target:
    """A server, and how much it has grown since it was measured."""

    def __init__(self, server):
        self.server = server
        self.probe = server.peer("probe", **STRANGER)
        self.probe.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.measure()

    def measure(self):
        self.assert_there()
        self.began_kb, self.began_ms = self.resident_kb(), self.cpu_ms()

    def assert_there(self):
        """Its socket may be full: what is lost is sent again, as RFC 3261 17.1.2.2 says."""
        options = self.probe.request("OPTIONS", f"sip:{self.server.domain}")
        for _ in range(20):
            self.probe.send(options)
            answer = self.probe.receive(0.5)
            while answer is not None and answer.get("Call-ID") != options.get("Call-ID"):
                answer = self.probe.receive(0.5)
            if answer is not None:
                assert answer.status == 200
                return
        raise AssertionError("it is not there any more")

    def resident_kb(self):
        with open(f"/proc/{self.server.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def cpu_ms(self):
        threads = glob.glob(f"/proc/{self.server.process.pid}/task/*/schedstat")
        return sum(int(open(thread).read().split()[0]) for thread in threads) / 1e6

    def assert_well(self, grown_mb=16):
        self.assert_there()
        grown = (self.resident_kb() - self.began_kb) / 1024 / (4 if IS_THREAD_SANITIZED else 1)
        assert grown < grown_mb, f"it has grown by {grown:.0f} MB"


@pytest.fixture
def target(tchind, tmp_path, monkeypatch):
    """Starts a server of two workers; what AddressSanitizer keeps of what was freed would look like growth."""
    options = os.environ.get("ASAN_OPTIONS", "")
    monkeypatch.setenv("ASAN_OPTIONS", f"{options}:quarantine_size_mb=4:thread_local_quarantine_size_kb=64")

    def start(config="", auth=False, workers=2, **settings):
        path = tmp_path / f"{unique.next('conf')}"
        path.write_text(config)
        options = ["--config", str(path), "--workers", str(workers), *([] if auth else ["--no-auth"])]
        return Target(tchind(options=options, traces=False, **settings))

    return start


def request(number, method="INVITE", uri="sip:nobody@example.org", via="SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{n};rport",
            sender="<sip:a@example.org>;tag=f", to="<sip:b@example.org>", call_id="c{n}", cseq=None, lines="", body=""):
    text = (f"{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {sender}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n"
            f"CSeq: {cseq or '1 ' + method}\r\n{lines}Content-Length: {len(body)}\r\n\r\n{body}")
    return text.replace("{n}", str(number)).encode("latin-1")


def call_id_of(answer):
    found = re.search(rb"\r\nCall-ID: *([^\r]*)", answer)
    return found[1].decode("latin-1") if found else ""


def read_all(sock, wait_s=0.0):
    answers = []
    while select.select([sock], [], [], wait_s)[0]:
        answers.append(sock.recv(65536))
    return answers


def read_up_to_here(target, own):
    """
    What has come back when all that was sent so far has been done. Messages are read, and mailed to
    other workers, in order: some CANCELs of nothing (481), of several Call-IDs, go to all of these.
    """
    marks = {unique.next("mark") for _ in range(MARKS)}
    answers = []
    for _ in range(20):
        for mark in marks:
            own.sendto(request(0, "CANCEL", "sip:example.org", call_id=mark), target.server.address)
        while select.select([own], [], [], 0.5)[0]:
            answer = own.recv(65536)
            answers.append(answer)
            marks.discard(call_id_of(answer))
            if not marks:
                return [answer for answer in answers if not call_id_of(answer).startswith("mark")]
    raise AssertionError("it is not there any more")


def pour(target, datagrams, sock=None):
    """Sends all, as fast as the worker that they come to reads them. Returns what came back."""
    own = sock or stranger()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    answers, unread = [], []
    for datagram in datagrams:
        own.sendto(datagram, target.server.address)
        unread.append(len(datagram))
        if len(unread) == AT_ONCE or sum(unread) >= AT_ONCE_BYTES:
            answers += read_up_to_here(target, own)
            unread.clear()
    answers += read_up_to_here(target, own)
    answers += read_all(own, 0.1)
    if sock is None:
        own.close()
    return [answer for answer in answers if not call_id_of(answer).startswith("mark")]


def statuses(answers):
    counts = {}
    for answer in answers:
        status = int(answer.split()[1])
        counts[status] = counts.get(status, 0) + 1
    return counts


# --- seeds of others ---


def payloads_of(pcap):
    """What the UDP packets of a capture carry, cut off as they are."""
    octets, at = pcap.read_bytes(), 24
    order = "<" if octets[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    while at + 16 <= len(octets):
        size = struct.unpack_from(f"{order}I", octets, at + 8)[0]
        packet, at = octets[at + 16:at + 16 + size], at + 16 + size
        yield packet[42:] or packet


def seeds_of(corpora):
    for path in sorted((corpora / "fuzz").rglob("*")):
        if path.suffix == ".pcap":
            yield from payloads_of(path)
        elif path.is_file() and "protos" not in path.parts[-2]:
            yield path.read_bytes()


def test_seeds_of_other_fuzzers_do_no_harm(target, corpora):
    target = target()
    seeds = [seed[:65000] for seed in seeds_of(corpora)]
    assert len(seeds) > 100
    pour(target, seeds)
    for at in range(0, len(seeds), 10):
        with socket.create_connection(target.server.address, 4) as stream:
            try:
                stream.sendall(b"".join(seeds[at:at + 10]))
            except OSError:
                pass  # it may close as soon as it has seen enough
    target.assert_well()


# --- floods of datagrams ---


def test_twenty_thousand_calls_to_nobody_leave_nothing_behind(target):
    target = target()
    pour(target, (request(n) for n in range(2000)))  # what buffers there are have been filled now
    target.measure()
    counts = statuses(pour(target, (request(n, uri=f"sip:u{n}@example.org") for n in range(20000))))
    assert set(counts) == {404} and counts[404] > 19000
    target.assert_well(4)


def test_a_flood_of_refused_requests_fills_no_log(target):
    victim = target()
    before = len(victim.server.log)
    answers = pour(victim, (request(n, "MESSAGE", "sip:x@third.example", sender="<sip:a@elsewhere.example>;tag=f") for n in range(2000)))
    assert statuses(answers) == {403: 2000}
    assert 20 <= sum("Relaying Denied" in line for line in victim.server.log[before:]) <= 2 * 20, "a worker writes twenty"
    others = [victim.server.peer(f"other{n}", **STRANGER) for n in range(4)]  # one in 64 shares its allowance with the flood
    for other in others:
        other.send(other.request("MESSAGE", "sip:x@third.example"))
        other.expect(403)
    hosts = "|".join(re.escape(other.host) for other in others)
    victim.server.wait_log(f"Relaying Denied.*source=({hosts}):"), "others are still heard of"


def test_registrations_without_credentials_leave_nothing_behind(target):
    target = target(auth=True, users={"alice": "wonderland"})
    pour(target, (request(n, "REGISTER", "sip:example.org") for n in range(1000)))
    target.measure()
    counts = statuses(pour(target, (request(n, "REGISTER", "sip:example.org", to=f"<sip:u{n}@example.org>",
                                            lines="Contact: <sip:x@192.0.2.1>\r\n") for n in range(10000))))
    assert set(counts) == {401} and counts[401] > 9500
    target.assert_well(4)


def test_wrong_passwords_of_many_users_leave_a_bounded_trace(target):
    target = target(auth=True, users={"alice": "wonderland"})
    digest = 'Authorization: Digest username="u{n}",realm="example.org",nonce="0",uri="sip:x",response="0"\r\n'
    counts = statuses(pour(target, (request(n, "REGISTER", "sip:example.org", lines=digest) for n in range(5000))))
    assert set(counts) == {401}
    target.assert_well(8)


def test_above_the_ceiling_of_transactions_callers_are_told_to_come_later(target):
    target = target("max_transactions = 200\n")
    silent = target.server.registered("silent")
    answers = pour(target, (request(n, uri="sip:silent@example.org") for n in range(3000)))
    assert statuses(answers)[503] > 2500
    assert all(b"\r\nRetry-After: " in answer for answer in answers if answer.startswith(b"SIP/2.0 503 "))
    assert silent
    target.assert_well(8)


def test_above_the_ceiling_of_bytes_callers_are_told_to_come_later(target):
    target = target("max_parked_bytes = 1M\n")
    target.server.registered("silent")
    answers = pour(target, (request(n, "MESSAGE", "sip:silent@example.org", body="x" * 30000) for n in range(500)))
    assert statuses(answers)[503] > 300
    target.assert_well(24)


def test_a_storm_of_repeats_is_one_call(target):
    target = target()
    bob = target.server.registered("bob")
    with stranger() as caller:
        pour(target, [request(7, uri="sip:bob@example.org")] * 2000, caller)
        at_bob = bob.expect("INVITE")
        assert all(message.raw == at_bob.raw for message in bob.waiting)
        bob.respond(at_bob, 486)
        bob.expect("ACK")
        answers = pour(target, [request(7, uri="sip:bob@example.org")] * 2000, caller)
        assert statuses(answers)[486] > 1000
    bob.expect_silence(0.1)
    target.assert_well(4)


def test_storms_of_ack_and_cancel_reach_nobody_and_keep_nothing(target):
    target = target()
    bob = target.server.registered("bob")
    pour(target, (request(n, "CANCEL", "sip:bob@example.org") for n in range(500)))
    target.measure()
    counts = statuses(pour(target, (request(n, "CANCEL", "sip:bob@example.org") for n in range(5000))))
    assert set(counts) == {481}
    strangers = {"sender": "<sip:x@elsewhere.example>;tag=f", "to": "<sip:b@example.org>;tag=t"}
    assert pour(target, (request(n, "ACK", "sip:x@third.example", **strangers) for n in range(5000))) == []
    bob.expect_silence(0.1)
    target.assert_well(4)


def test_one_call_id_from_everywhere_does_not_bury_its_worker(target):
    """All that the other workers receive they mail to one, faster than it can take it."""
    target = target(workers=4)
    octets, stop = [request(n, call_id="always the same").replace(b" always the same", b" same") for n in range(1000)], []

    def send():
        while not stop:
            with stranger() as one:
                for datagram in octets[:200]:
                    one.sendto(datagram, target.server.address)

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    time.sleep(1.5)
    stop.append(True)
    for sender in senders:
        sender.join()
    time.sleep(0.2)
    target.assert_well(160)  # four workers' worth of parcels at the very most


# --- single messages that are hard to read ---


def filled(piece, separator="", room=58000):
    return separator.join([piece] * (room // (len(piece) + len(separator))))


HARD = {
    "vias": request("{n}", lines="Via: " + filled("SIP/2.0/UDP a", ",") + "\r\n"),
    "parameters of via": request("{n}", via="SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{n};rport" + filled(";a")),
    "folds in via": request("{n}", via="SIP/2.0/UDP 127.0.0.1:9" + filled("\r\n ") + ";branch=z9hG4bK{n};rport"),
    "parameters of from": request("{n}", sender="<sip:a@example.org>" + filled(";a") + ";tag=f"),
    "words before from": request("{n}", sender=filled("a ") + "<sip:a@example.org>;tag=f"),
    "escapes in a name": request("{n}", sender='"' + filled('\\"') + '" <sip:a@example.org>;tag=f'),
    "escapes in a user": request("{n}", uri="sip:" + filled("%41") + "@example.org"),
    "labels of a host": request("{n}", uri="sip:x@" + filled("a", ".")),
    "colons of a host": request("{n}", uri="sip:x@[" + filled(":") + "]"),
    "parameters of the uri": request("{n}", uri="sip:nobody@example.org" + "".join(f";a{i}" for i in range(8000))),
    "headers of the uri": request("{n}", uri="sip:nobody@example.org?" + filled("a=b", "&")),
    "empty routes": request("{n}", lines="Route: " + filled(",") + "\r\n"),
    "quotes in routes": request("{n}", lines="Route: " + filled('"a",') + "\r\n"),
    "brackets in routes": request("{n}", lines="Route: " + filled("<,") + "\r\n"),
    "routes to us": request("{n}", lines="Route: " + filled("<sip:example.org;lr;tk=0123456789abcdef>", ",") + "\r\n"),
    "guesses of a token": request("{n}", to="<sip:b@example.org>;tag=t", call_id="{n}" + filled("x", room=29000),
                                  lines="Route: " + filled("<sip:example.org;tk=0123456789abcdef>", ",", 29000) + "\r\n"),
    "guesses in an ACK": request("{n}", "ACK", to="<sip:b@example.org>;tag=t", call_id="{n}" + filled("x", room=29000),
                                 lines="Route: " + filled("<sip:example.org;tk=0123456789abcdef>", ",", 29000) + "\r\n"),
    "folds": request("{n}", lines="Subject: a" + filled("\r\n ") + "\r\n"),
    "header fields": request("{n}", lines=filled("x: y\r\n")),
    "254 header fields": request("{n}", lines="".join(f"X-{i}: y\r\n" for i in range(247))),
    "lines without a name": request("{n}", lines=filled("y\r\n")),
    "required extensions": request("{n}", lines="Proxy-Require: " + filled("a", ",") + "\r\n"),
    "extensions required of us": request("{n}", "OPTIONS", "sip:example.org", lines="Require: " + filled("a", ",") + "\r\n"),
    "contacts": request("{n}", "REGISTER", "sip:example.org", lines="Contact: " + filled("<sip:a@b>", ",") + "\r\n"),
    "large contacts": request("{n}", "REGISTER", "sip:example.org", to="<sip:r{n}@example.org>", lines="Contact: " + ",".join(
        f"<sip:a@b;y={i}{filled(';x', room=2500)}>" for i in range(19)) + "\r\n"),
    "paths": request("{n}", "REGISTER", "sip:example.org", to="<sip:p{n}@example.org>",
                     lines="Supported: path\r\nContact: <sip:a@b>\r\nPath: " + filled("<sip:a>", ",") + "\r\n"),
    "parameters of credentials": request("{n}", lines="Proxy-Authorization: Digest " + filled("a=b", ",") + "\r\n"),
    "quotes in credentials": request("{n}", lines="Proxy-Authorization: Digest " + filled('"') + "\r\n"),
    "digits": request("{n}", cseq=filled("0") + "1 INVITE"),
    "a long method": request("{n}", filled("M", room=28000)),
    "line ends before": b"\r\n" * 29000 + request("{n}"),
    "zeros": b"\0" * 58000,
    "a response to nothing": request("{n}").replace(b"INVITE sip:nobody@example.org SIP/2.0", b"SIP/2.0 200 OK", 1) + b"x" * 58000,
}


def test_no_message_takes_long_to_read(target):
    target = target(workers=1)
    costs = {}
    with stranger() as one:
        for name, octets in HARD.items():
            before = target.cpu_ms()
            for _ in range(4):
                one.sendto(octets.replace(b"{n}", unique.next("h").encode()), target.server.address)
            target.assert_there()
            read_all(one)
            costs[name] = (target.cpu_ms() - before) / 4
    assert not {name: cost for name, cost in costs.items() if cost > CPU_MS}
    target.assert_well(32)


@pytest.mark.parametrize("line, status", [("Via: " + filled("SIP/2.0/TCP a", ",") + "\r\n", 404), (filled("x: y\r\n"), 513),
                                          ("Subject: " + filled("\r\n "), 404)], ids=["vias", "fields", "folds"])
def test_hard_messages_are_answered_on_streams(target, line, status):
    target = target()
    alice = target.server.peer("alice", "tcp")
    octets = alice.request("MESSAGE", "sip:nobody@example.org").octets()
    alice.connect().connection.sendall(octets.replace(b"Content-Length:", line.rstrip("\r\n").encode() + b"\r\nContent-Length:"))
    assert alice.response().status == status


# --- streams ---


def test_connections_that_say_nothing_hinder_nobody(target):
    target = target()
    silent = [socket.create_connection(target.server.address, 4) for _ in range(500)]
    alice = target.server.peer("alice", "tcp")
    alice.send(alice.request("OPTIONS", "sip:example.org"))
    alice.expect(200)
    target.assert_well(8)
    for one in silent:
        one.close()


def test_connections_leave_descriptors_to_the_rest_of_the_server(target):
    target = target(workers=1, wrap="prlimit --nofile=400:400")
    server, crowd = target.server, []
    assert re.search(r"allows 400 descriptors: of connections each worker takes no more than [1-9]\d+\.", "\n".join(server.log))
    for _ in range(400):
        crowd.append(socket.create_connection(server.address, 4))
    server.registered("alice")
    done = server.tool("location", "list", "--data", server.data)
    assert "alice@example.org" in done.stdout, done
    target.assert_well(8)
    held = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    assert 100 < held < 250, f"{held} descriptors"
    for one in crowd:
        one.close()
    until(lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) < 100)
    assert server.registered("bob", "tcp")


def test_who_sends_drop_by_drop_is_cut_off_and_its_memory_free(target):
    target = target("message_timeout = 1s\n")
    slow = [socket.create_connection(target.server.address, 4) for _ in range(150)]
    for one in slow:
        one.sendall(request(0)[:-2] + b"X: " + b"y" * 30000)
    target.assert_well(60)
    end = time.monotonic() + 3
    while slow and time.monotonic() < end:
        for one in list(slow):
            try:
                one.sendall(b"y")
            except OSError:
                slow.remove(one)
        time.sleep(0.05)
    assert slow == []
    target.assert_well(16)


def test_who_never_reads_is_cut_off(target):
    target = target()
    deaf = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(8)]
    for one in deaf:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(target.server.address)
        one.setblocking(False)
    octets = b"".join(request(n, "OPTIONS", "sip:example.org", via="SIP/2.0/TCP a;branch=z9hG4bK{n}" + ";x" * 1000) for n in range(20))
    end = time.monotonic() + 40
    while len(deaf) == 8 and time.monotonic() < end:
        for one in list(deaf):
            try:
                one.send(octets)
            except BlockingIOError:
                pass
            except OSError:
                deaf.remove(one)
                one.close()
    assert len(deaf) < 8, "nobody was cut off"
    target.assert_well(24)
    for one in deaf:
        one.close()


def test_connections_that_come_and_go_leave_nothing(target):
    target = target()
    for _ in range(2):  # the second time there is nothing left to be made
        target.measure()
        for n in range(700):
            one = socket.create_connection(target.server.address, 4)
            one.sendall((b"", b"\r\n\r\n", request(n, "OPTIONS", "sip:example.org"), request(n)[:90])[n % 4])
            if n % 3 == 0:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
    target.assert_well(4)


# --- forgeries ---


def ringing(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    return alice, bob, invite, at_bob


def guesses(branch):
    """Branches near a real one: each hexadecimal digit changed, and some that are no branch of ours at all."""
    for at, digit in enumerate(branch[7:], 7):
        if digit in "0123456789abcdef":
            yield branch[:at] + ("0" if digit != "0" else "1") + branch[at + 1:]
    yield from (branch[:20], "z9hG4bK", "", "z9hG4bK" + "f" * 60)


def test_responses_with_guessed_branches_reach_nobody(target):
    target = target()
    alice, bob, invite, at_bob = ringing(target.server)
    branch = at_bob.get("Via").split("branch=")[1].split(";")[0]
    hash_at = branch.index(".")
    with stranger() as forger:
        for guess in guesses(branch):
            if guess[:hash_at] == branch[:hash_at]:
                continue  # the second part is for finding loops, and not what identifies a branch
            forged = Message("SIP/2.0 603 Decline", at_bob.headers)
            forged.headers = [(n, v.replace(branch, guess) if n == "Via" else v) for n, v in forged.headers
                              if n not in ("Record-Route", "Contact", "Content-Type")]
            forger.sendto(forged.octets(), target.server.address)
    target.assert_there()
    alice.expect_silence(0.1)
    bob.respond(at_bob, 486)
    alice.ack(invite, alice.expect(486))


def icmp_unreachable(source, destination, payload):
    """ICMP type 3 code 3 about a datagram that `source` sent to `destination`: RFC 792."""
    udp = struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
                     socket.inet_aton(source[0]), socket.inet_aton(destination[0]))
    message = struct.pack("!BBHI", 3, 3, 0, 0) + ip + udp
    total = sum(struct.unpack(f"!{len(message) // 2}H", message[:len(message) // 2 * 2])) + (message[-1] << 8 if len(message) % 2 else 0)
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    return message[:2] + struct.pack("!H", total) + message[4:]


def test_icmp_errors_with_guessed_heads_end_no_call(target):
    if os.geteuid() != 0:
        pytest.skip("raw sockets are for root")
    target = target()
    alice, bob, invite, at_bob = ringing(target.server)
    branch = at_bob.get("Via").split("branch=")[1].split(";")[0]
    heads = [at_bob.raw.replace(branch.encode(), guess.encode()) for guess in guesses(branch) if guess.split(".")[0] != branch.split(".")[0]]
    heads += [b"", b"\0" * 500, b"INVITE", b"SIP/2.0 200 OK\r\n\r\n", b"INVITE sip:x SIP/2.0\r\nVia: " + b"," * 400]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        for head in heads:
            packet = icmp_unreachable(target.server.address, (bob.host, bob.port), head[:500])
            raw.sendto(packet, (target.server.host, 0))
        target.assert_there()
        alice.expect_silence(0.1)
        genuine = icmp_unreachable(target.server.address, (bob.host, bob.port), at_bob.raw[:500])
        raw.sendto(genuine, (target.server.host, 0))
    answer = alice.expect(500)  # the test would see nothing at all, were its packets not heard
    alice.ack(invite, answer)


def test_a_forged_token_opens_no_way(target):
    target = target(auth=True, users={"bob": "builder"})
    stranger = target.server.peer("stranger", **STRANGER)
    for uri, token in (("sip:x@192.0.2.1", "0123456789abcdef"), ("sip:x@192.0.2.1", ""), ("sip:x@third.example", "f" * 4000)):
        message = stranger.request("BYE", uri, to=f"<{uri}>;tag=t", headers=[
            ("Route", f"<sip:{target.server.host};lr;tk={token}>"), ("Route", f"<sip:example.org;lr;tk={token}>")])
        stranger.send(message)
        assert stranger.response().status in (400, 403)


def test_a_token_of_one_call_is_of_no_use_in_another(target):
    target = target(auth=True, users={"alice": "wonderland", "bob": "builder"})
    alice, bob = target.server.registered("alice"), target.server.registered("bob")
    caller_end, _ = establish(alice, bob, bob.aor)
    stranger = target.server.peer("stranger", **STRANGER)
    stranger.send(stranger.request("MESSAGE", "sip:x@third.example", to="<sip:x@third.example>;tag=t",
                                   headers=[("Route", route) for route in caller_end.routes]))
    assert stranger.response().status == 403
    finish(caller_end, bob)


# --- where one could be led to send ---


@pytest.mark.parametrize("contact", [
    "sip:x@0.0.0.0:9", "sip:x@255.255.255.255:9", "sip:x@127.255.255.255:9", "sip:x@224.0.0.1:9", "sip:x@[ff02::1]:9", "sip:x@[::]:9",
    "sip:x@127.0.0.1:9;transport=tcp", "sip:x@0.0.0.0:9;transport=tcp", "sip:x@255.255.255.255:9;transport=tcp",
    "sip:x@127.0.0.1:9;maddr=224.0.0.1", "sip:x@127.0.0.1:9;transport=sctp", "sip:x@{server}", "sip:x@{server};transport=tcp",
    "sip:victim@{server}", "sip:x@{server};maddr={server}", "sip:victim@example.org;transport=tcp"])
def test_a_contact_leads_nowhere_it_must_not(lab_server, contact):
    victim = lab_server.peer("victim")
    place = f"{lab_server.host}:{lab_server.port}" if "maddr" not in contact else lab_server.host
    assert victim.register(contacts=[f"<{contact.replace('{server}', place)}>"]).status == 200
    caller = lab_server.peer("caller", **STRANGER)
    invite = caller.send(caller.request("INVITE", victim.aor))
    answer = caller.response(3)
    caller.ack(invite, answer)
    assert answer.status >= 400
    assert victim.register(contacts=["*"], expires=0, cseq=2).status == 200


@pytest.fixture
def lab_server(target):
    return target().server


def mesh(server, count, domain="example.org", others=None, q=False):
    """Users each of whom is registered at all of them, or at all those of another domain."""
    for n in range(count):
        order = [f";q=0.{9 - i}" if q else "" for i in range(count)]
        contacts = [f"<sip:m{i}@{others or domain}>{order[i]}" for i in range(count)]
        peer = Peer(f"m{n}", server.address, domain=domain)
        assert peer.register(contacts=contacts).status == 200
        peer.close()


@pytest.mark.parametrize("q", [False, True], ids=["at once", "one after the other"])
def test_users_who_are_each_other_do_not_multiply_a_call(target, q):
    """Ten of them could be tried in 10! orders."""
    target = target()
    mesh(target.server, 10, q=q)
    target.measure()
    caller = target.server.peer("caller")
    invite = caller.send(caller.request("INVITE", "sip:m0@example.org"))
    answer = caller.response(10)
    caller.ack(invite, answer)
    assert answer.status in (482, 440, 483)
    target.assert_well(32)
    assert target.cpu_ms() - target.began_ms < 2000


def test_servers_that_lead_to_each_other_do_not_multiply_a_call(target):
    hosts = own_address(), own_address()
    first, second = (target(host=host, domains=[host]) for host in hosts)
    mesh(first.server, 6, hosts[0], hosts[1])
    mesh(second.server, 6, hosts[1], hosts[0])
    caller = Peer("caller", first.server.address, domain=hosts[0])
    first.server.peers.append(caller)
    invite = caller.send(caller.request("INVITE", f"sip:m0@{hosts[0]}"))
    answer = caller.response(10)
    caller.ack(invite, answer)
    assert answer.status >= 400
    for each in (first, second):
        assert each.cpu_ms() - each.began_ms < 4000


def test_max_breadth_bounds_how_many_phones_ring_at_once(target):
    server = target().server
    phones = [server.peer("bob") for _ in range(6)]
    assert phones[0].register(contacts=[f"<{phone.contact_uri}>" for phone in phones]).status == 200
    caller = server.peer("caller")
    caller.send(caller.request("INVITE", phones[0].aor, headers=[("Max-Breadth", "2")]))
    def ringing():
        return [phone for phone in phones if select.select([phone.socket], [], [], 0)[0]]

    until(lambda: len(ringing()) >= 2)
    time.sleep(0.2)
    rung = ringing()
    assert len(rung) == 2
    breadths = []
    for phone in rung:
        at_phone = phone.expect("INVITE")
        breadths.append(int(at_phone.get("Max-Breadth")))
        phone.respond(at_phone, 603)
    assert sum(breadths) <= 2
    caller.expect(603)


def test_bracketed_and_strange_sources_are_answered_where_they_are(lab_server):
    """Whatever a Via claims, an answer goes to its sender: nobody else can be made a target."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bystander, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        bystander.bind((own_address(), 5060))
        victim = bracketed(bystander.getsockname()[0])
        for via in (f"SIP/2.0/UDP {victim}:5060;rport", f"SIP/2.0/UDP {victim};maddr={victim}", f"SIP/2.0/UDP {victim};received={victim}",
                    f"SIP/2.0/TCP {victim}:5060", f"SIP/2.0/UDP x;maddr={victim};ttl=255"):
            sender.sendto(request(unique.next("v"), "OPTIONS", "sip:example.org", via=via + ";branch=z9hG4bK{n}"), lab_server.address)
        assert not select.select([bystander], [], [], 0.3)[0]
