"""
Servers of other domains, found by DNS: RFC 3263, with nsd and with DNSSEC; and what happens when one
of them is down. A peer stands for a server: what it is asked, and how soon, is what counts.
"""

import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections import Counter

import pytest

from bells import answer
from load import Sipp
from names import ADDRESS, NameServer, own_etc, own_network, sign, zone
from servers import BIN, TCHIND, taking
from sip import PATIENCE_S, Dialog, finish

UNREACHABLE_S = 0.5  # to go on to the next server, if one refuses or cannot be reached
SILENT_S = (2.8, 4)  # if one is silent

SERVERS = {n: f"127.0.2.{n}" for n in range(1, 10)}
HOSTS = "".join(f"s{n} A {host}\n" for n, host in SERVERS.items())
MANY = "".join(f"_sip._udp.many SRV {n} 0 5060 a-name-of-some-length-{n}.elsewhere\n" for n in range(2, 33))

EXAMPLE = zone("example", HOSTS + MANY + r"""
; NAPTR, then SRV, then A
whole        NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.whole
whole        NAPTR 20 10 "s" "SIP+D2T" "" _sip._tcp.other-name
whole        NAPTR 20 20 "s" "SIP+D2U" "" _sip._udp.whole
_sips._tcp.whole     SRV 0 0 5061 s9
_sip._tcp.other-name SRV 0 0 5070 s1
_sip._udp.whole      SRV 0 0 5060 s2
whole        A 127.0.2.9

; SRV alone
udponly      A 127.0.2.9
_sip._udp.udponly SRV 0 0 5080 s1
tcponly      A 127.0.2.9
_sip._tcp.tcponly SRV 0 0 5080 s1

; addresses alone
plain        A 127.0.2.1
six          AAAA ::1

; aliases
alias        CNAME whole
aliased      A 127.0.2.9
_sip._udp.aliased CNAME _sip._udp.alias-of-srv
_sip._udp.alias-of-srv SRV 0 0 5080 aliased-host
aliased-host CNAME s1

; what leads nowhere
round        CNAME around
around       CNAME round
circle       NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp.circle
_sip._udp.circle CNAME _sip._tcp.circle
_sip._tcp.circle CNAME _sip._udp.circle
closed       A 127.0.2.1
_sip._udp.closed SRV 0 0 0 .
_sip._tcp.closed SRV 0 0 0 .
hollow       A 127.0.2.1
_sip._udp.hollow SRV 0 0 5060 nothing
_sip._tcp.hollow SRV 0 0 5060 nothing
group        A 224.0.1.75
broken       NS ns
nameless     TXT "no address"

; records that are not for us, among them some that are
mixed        NAPTR 5 10 "u" "E2U+sip" "!^.*$!sip:bob@s9.example!" .
mixed        NAPTR 6 10 "s" "SIP+D2S" "" _sip._sctp.mixed
mixed        NAPTR 7 10 "" "SIP+D2U" "" s9
mixed        NAPTR 8 10 "s" "SIP+D2U" "!a!b!" .
mixed        NAPTR 9 10 "S" "sip+d2u" "" _sip._udp.mixed
_sip._udp.mixed SRV 1 0 0 s9
_sip._udp.mixed SRV 2 0 5060 nothing
_sip._udp.mixed SRV 3 0 5060 s1

; too much for a datagram
_sip._udp.many SRV 1 0 5060 s1

; weights
_sip._udp.weighed SRV 5 10 5060 s1
_sip._udp.weighed SRV 5 90 5060 s2
_sip._udp.weighed SRV 6 65535 5060 s3

; two servers: the first fails
_sip._udp.pair SRV 1 0 5060 s1
_sip._udp.pair SRV 2 0 5060 s2
_sip._tcp.tcppair SRV 1 0 5060 s1
_sip._tcp.tcppair SRV 2 0 5060 s2
_sip._udp.far  SRV 1 0 5060 faraway
_sip._udp.far  SRV 2 0 5060 s2
_sip._tcp.tcpfar SRV 1 0 5060 faraway
_sip._tcp.tcpfar SRV 2 0 5060 s2
faraway      A 203.0.113.9
both         A 127.0.2.1
both         A 127.0.2.2
_sip._udp.inside SRV 0 0 5060 s2
_sip._tcp.inside SRV 0 0 5060 s2
""")


@pytest.fixture(scope="module")
def network():
    with own_network():
        yield


@pytest.fixture
def name_server(network, tmp_path):
    server = NameServer(tmp_path / "nsd", {"example": EXAMPLE, "broken.example": None}).start()
    yield server
    server.stop()


@pytest.fixture
def lab(name_server, tchind, tmp_path):
    return tchind(options=["--no-auth", "--workers", "1"], wrap=own_etc(tmp_path, hosts="127.0.2.7 split.example\n"))


@pytest.fixture
def alice(lab):
    return lab.peer("alice")


def server_at(lab, n, port=5060, transport="udp"):
    return lab.peer("bob", transport, host=SERVERS[n], port=port)


@pytest.fixture
def within(lab, name_server):
    return lambda least_s, most_s: taking(least_s, most_s, [lab.process.pid, *name_server.pids()])


# --- the way to a server ---


@pytest.mark.parametrize("uri, server, port, transport", [
    ("sip:bob@whole.example", 1, 5070, "tcp"),  # TLS is preferred, but we do not speak it
    ("sip:bob@WHOLE.Example", 1, 5070, "tcp"),
    ("sip:bob@whole.example;transport=udp", 2, 5060, "udp"),
    ("sip:bob@whole.example:5090", 9, 5090, "udp"),
    ("sip:bob@whole.example:5090;transport=tcp", 9, 5090, "tcp"),
    ("sip:bob@udponly.example", 1, 5080, "udp"),
    ("sip:bob@tcponly.example", 1, 5080, "tcp"),
    ("sip:bob@tcponly.example;transport=udp", 9, 5060, "udp"),
    ("sip:bob@plain.example", 1, 5060, "udp"),
    ("sip:bob@plain.example;transport=tcp", 1, 5060, "tcp"),
    ("sip:bob@elsewhere.example;maddr=plain.example", 1, 5060, "udp"),
    ("sip:bob@elsewhere.example;maddr=127.0.2.1", 1, 5060, "udp"),
    ("sip:bob@alias.example", 1, 5070, "tcp"),
    ("sip:bob@aliased.example", 1, 5080, "udp"),
    ("sip:bob@mixed.example", 1, 5060, "udp"),
    ("sip:bob@many.example", 1, 5060, "udp"),
    ("sip:bob@split.example", 7, 5060, "udp"),  # /etc/hosts
    ("sip:bob@split.example:5090;transport=tcp", 7, 5090, "tcp"),
])
def test_a_uri_leads_to_its_server(lab, alice, uri, server, port, transport):
    bob = server_at(lab, server, port, transport)
    alice.send(alice.request("MESSAGE", uri))
    got = bob.expect("MESSAGE")
    assert got.uri == uri
    bob.respond(got, 200)
    alice.expect(200)


def test_a_server_with_an_ipv6_address_alone_is_found(name_server, tchind, tmp_path):
    lab = tchind(options=["--no-auth"], wrap=own_etc(tmp_path), host="127.0.3.1", port=5062,
                 listen=["udp:127.0.3.1:5062", "udp:[::1]:5062"])
    alice, bob = lab.peer("alice"), lab.peer("bob", host="::1", port=5060)
    alice.send(alice.request("MESSAGE", "sip:bob@six.example"))
    bob.respond(bob.expect("MESSAGE"), 200)
    alice.expect(200)


@pytest.mark.parametrize("name", ["round", "circle", "closed", "hollow", "group", "broken", "nameless", "unheard-of"])
def test_what_leads_nowhere_is_answered_at_once(lab, alice, within, name):
    silent = server_at(lab, 1)
    with within(0, 2):
        alice.send(alice.request("MESSAGE", f"sip:bob@{name}.example"))
        alice.expect(500)
    silent.expect_silence()


def test_a_name_server_that_is_silent_is_not_waited_for_longer_than_five_seconds(lab, alice, within, name_server):
    name_server.signal(signal.SIGSTOP)
    with within(0, 7):
        alice.send(alice.request("MESSAGE", "sip:bob@plain.example"))
        alice.expect(500, 7)


def test_weights_are_kept_to_and_a_call_stays_at_its_server(lab, alice):
    servers = {n: server_at(lab, n) for n in (1, 2, 3)}
    asked = Counter()
    for _ in range(300):
        request = alice.send(alice.request("MESSAGE", "sip:bob@weighed.example"))
        asked[which(servers, alice)] += 1
        alice.send(alice.request("MESSAGE", "sip:bob@weighed.example", call_id=request.get("call-id"), cseq=2))
        asked[which(servers, alice)] += 1
        assert all(count % 2 == 0 for count in asked.values()), "both of a call go to one server"
    assert 468 <= asked[2] <= 598 and asked[3] == 0, asked  # of 600, three times in 10^10 by chance


def which(servers, alice):
    """The number of the server that is asked next; it answers."""
    numbers = {server.socket: n for n, server in servers.items()}
    while ready := select.select(numbers, [], [], PATIENCE_S)[0]:
        for n in (numbers[one] for one in ready):
            got = servers[n].receive()
            if got.raw not in servers[n].seen:  # else it comes again, for we were slow
                servers[n].seen.add(got.raw)
                servers[n].respond(got, 200)
                alice.expect(200)
                return n
    raise AssertionError("no server was asked")


def test_a_large_request_goes_by_tcp_where_there_is_a_choice(lab, alice):
    bob = server_at(lab, 1, 5080, "tcp")
    alice.send(alice.request("MESSAGE", "sip:bob@tcponly.example", body=b"x" * 1500))
    bob.respond(bob.expect("MESSAGE"), 200)
    alice.expect(200)


# --- a server that fails ---


@pytest.mark.parametrize("name, transport", [("pair", "udp"), ("tcppair", "tcp"), ("far", "udp"), ("tcpfar", "tcp")])
def test_after_a_server_that_cannot_be_reached_the_next_is_tried_at_once(lab, alice, within, name, transport):
    bob = server_at(lab, 2, transport=transport)
    with within(0, UNREACHABLE_S):
        invite = alice.invite(f"sip:bob@{name}.example")
        at_bob = bob.expect("INVITE")
    answer(bob, at_bob)
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    bob.expect("ACK")
    finish(end, bob)


def test_of_two_addresses_of_a_server_the_one_that_answers_is_found(lab, alice, within):
    bob = server_at(lab, 2)
    for _ in range(3):
        with within(0, UNREACHABLE_S):
            alice.send(alice.request("MESSAGE", "sip:bob@both.example"))
            bob.respond(bob.expect("MESSAGE"), 200)
            alice.expect(200)


def test_beside_a_silent_server_the_next_is_tried_and_then_at_once(lab, alice, within):
    silent, bob = server_at(lab, 1), server_at(lab, 2)
    with within(*SILENT_S):
        alice.send(alice.request("MESSAGE", "sip:bob@pair.example"))
        bob.respond(bob.expect("MESSAGE", 5), 200)
        alice.expect(200)
    first = silent.expect("MESSAGE")
    with within(0, UNREACHABLE_S):
        alice.send(alice.request("MESSAGE", "sip:bob@pair.example"))
        bob.respond(bob.expect("MESSAGE"), 200)
        alice.expect(200)
    assert all(late.get("call-id") == first.get("call-id") for late in silent.waiting), "the silent one is left alone"


def test_a_server_that_was_slow_may_still_answer(lab, alice):
    slow, bob = server_at(lab, 1), server_at(lab, 2)
    invite = alice.invite("sip:bob@pair.example")
    at_slow, at_bob = slow.expect("INVITE"), bob.expect("INVITE", 5)
    assert at_slow.get("via") != at_bob.get("via")
    bob.respond(at_bob, 180)
    alice.expect(180)
    answer(slow, at_slow)
    end = Dialog(alice, invite, alice.expect(200), True)
    bob.respond(bob.expect("CANCEL"), 200)
    bob.respond(at_bob, 487)
    bob.expect("ACK")
    end.ack()
    slow.expect("ACK")
    finish(end, slow)


def test_a_server_that_says_100_has_its_time(lab, alice):
    bob, other = server_at(lab, 1), server_at(lab, 2)
    alice.invite("sip:bob@pair.example")
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 100)
    other.expect_silence(3.5)
    bob.respond(at_bob, 486)
    alice.expect(486)


def test_after_a_503_the_next_server_is_tried_with_a_branch_of_its_own(lab, alice):
    busy, bob = server_at(lab, 1), server_at(lab, 2)
    invite = alice.invite("sip:bob@pair.example")
    at_busy = busy.expect("INVITE")
    busy.respond(at_busy, 503)
    busy.expect("ACK")
    at_bob = bob.expect("INVITE")
    assert at_bob.lines("via")[0] != at_busy.lines("via")[0] and at_bob.get("call-id") == invite.get("call-id")
    answer(bob, at_bob)
    Dialog(alice, invite, alice.expect(200), True).ack()
    bob.expect("ACK")


def test_who_asks_by_retry_after_not_to_be_asked_is_asked_last(lab, alice):
    busy, bob = server_at(lab, 1), server_at(lab, 2)
    for n in range(2):
        alice.send(alice.request("MESSAGE", "sip:bob@pair.example"))
        if n == 0:
            busy.respond(busy.expect("MESSAGE"), 503, headers=[("Retry-After", "60")])
        bob.respond(bob.expect("MESSAGE"), 200)
        alice.expect(200)
    busy.expect_silence()


# --- calls going on meanwhile ---

REFUSALS = {
    "refused": "reject with icmp type port-unreachable",
    "silent": "drop",
}


@pytest.mark.parametrize("how", REFUSALS)
def test_no_call_fails_when_a_server_takes_no_more(lab, tmp_path, how):
    """INVITE, of RFC 3261 7.1, are the first bytes of what comes no more to the first server."""
    if not shutil.which("sipp") or not shutil.which("nft"):
        pytest.skip("needs SIPp and nft")
    rate, seconds = 10, 12
    assert lab.peer("callee").register(contacts=["<sip:callee@pair.example>"]).status == 200
    remote = f"{lab.host}:{lab.port}"
    folders = [tmp_path / f"server-{n}" for n in (1, 2)]
    for folder in folders:
        folder.mkdir()
    callees = [Sipp(folder, "callee", SERVERS[n], remote, ["-p", "5060", "-default_behaviors", "all,-abortunexp"])
               for n, folder in zip((1, 2), folders)]
    caller = Sipp(tmp_path, "caller", "127.0.4.1", remote, ["-m", str(rate * seconds), "-r", str(rate), "-s", "callee"],
                  domain="example.org")
    rules = f"""
    table ip stopped {{
        chain arriving {{
            type filter hook input priority 0;
            ip daddr {SERVERS[1]} udp dport 5060 @th,64,48 0x494e56495445 counter {REFUSALS[how]}
        }}
    }}"""
    try:
        time.sleep(seconds / 3)
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
        caller.wait(60)
        assert (caller.count("SuccessfulCall(C)"), caller.count("FailedCall(C)")) == (rate * seconds, 0), caller.errors()
        assert all(callee.count("TotalCallCreated") > 10 for callee in callees), "both had their share"
    finally:
        subprocess.run(["nft", "delete", "table", "ip", "stopped"], capture_output=True)
        for sipp in (caller, *callees):
            sipp.stop()


# --- DNSSEC ---


@pytest.fixture
def signed(network, tmp_path):
    """A server that validates, and two zones with one key each, of which one was tampered with."""
    records = f"{HOSTS}_sip._udp.good SRV 0 0 5060 s1\n_sip._udp.bad SRV 0 0 5060 s2\nforged A {SERVERS[3]}\n"
    text, anchor = sign(tmp_path / "keys", "example", zone("example", records))
    forged = text.replace("\t0 0 5060 s2.example.", "\t0 0 5060 s1.example.").replace(f"\tA\t{SERVERS[3]}", f"\tA\t{SERVERS[1]}")
    assert forged != text
    server = NameServer(tmp_path / "nsd", {"example": forged}).start()
    anchors = tmp_path / "anchors"
    anchors.write_text(anchor)
    config = tmp_path / "tchin.conf"
    config.write_text(f'trust_anchors = "{anchors}"\n')
    yield config
    server.stop()


@pytest.mark.parametrize("validates", [True, False])
def test_forged_answers_are_not_used_if_they_can_be_told(signed, tchind, tmp_path, validates):
    options = ["--no-auth", *(["--config", signed] if validates else [])]
    lab = tchind(options=options, wrap=own_etc(tmp_path))
    alice, bob = lab.peer("alice"), lab.peer("bob", host=SERVERS[1], port=5060)
    alice.send(alice.request("MESSAGE", "sip:bob@good.example"))
    bob.respond(bob.expect("MESSAGE", 8), 200)
    alice.expect(200)
    for name in ("bad", "forged"):
        alice.send(alice.request("MESSAGE", f"sip:bob@{name}.example"))
        if validates:
            alice.expect(500, 8)
            bob.expect_silence()
        else:
            bob.respond(bob.expect("MESSAGE", 8), 200)
            alice.expect(200)


def test_trust_anchors_that_are_not_there_are_named(tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text(f'trust_anchors = "{tmp_path}/nowhere"\n')
    done = subprocess.run([TCHIND, "example.org", "--data", tmp_path / "data", "--config", config], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"trust_anchors: cannot read {tmp_path}/nowhere: No such file or directory; Debian has one" in done.stderr


# --- the tool ---


def ping(tmp_path, *arguments):
    command = [*shlex.split(own_etc(tmp_path, hosts="127.0.2.7 split.example\n")), BIN / "tchin", "ping", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("name, server, port, transport", [
    ("whole.example", 1, 5070, "tcp"), ("udponly.example", 1, 5080, "udp"), ("plain.example", 1, 5060, "udp"),
    ("plain.example:5090;transport=tcp", 1, 5090, "tcp"), ("pair.example", 2, 5060, "udp"),
    ("split.example", 7, 5060, "udp"),
])
def test_ping_finds_servers_as_the_proxy_does(name_server, tchind, tmp_path, name, server, port, transport):
    place = f"{SERVERS[server]}:{port}"
    tchind(domains=(name.split(":")[0],), listen=[f"{transport}:{place}"], wrap="")
    done = ping(tmp_path, f"sip:{name}")
    assert done.returncode == 0 and f" {transport}:{place} in " in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("name, complaint", [
    ("closed", "closed.example has no server: DNS has neither SRV records nor addresses that lead to one"),
    ("unheard-of", "unheard-of.example has no server"), ("broken", "broken.example: DNS does not answer"),
    ("round", "round.example")])
def test_ping_says_what_dns_lacks(name_server, tmp_path, name, complaint):
    done = ping(tmp_path, f"sip:{name}.example")
    assert done.returncode == 1 and complaint in done.stderr and done.stdout == ""


# --- the way back of a response ---


def orphan(lab, alice_host, sent_by, transport):
    """A call whose caller dies before it is answered; the callee."""
    alice = lab.peer("alice", transport, host=alice_host)
    bob = lab.registered("bob")
    request = alice.request("MESSAGE", bob.aor)
    request.set("via", f"SIP/2.0/{transport.upper()} {sent_by};branch=z9hG4bKorphan;rport")
    alice.send(request)
    at_bob = bob.expect("MESSAGE")
    for channel in alice.channels:  # it does not end, it breaks
        channel.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        lab.hang_up(channel.connection)
    alice.close()
    lab.peers.remove(alice)
    bob.respond(at_bob, 200)
    return bob


@pytest.mark.parametrize("sent_by, server, port, transport", [
    ("pair.example", 2, 5060, "udp"),     # SRV; at the first server, which sent the request, nobody is left
    ("tcppair.example", 2, 5060, "tcp"),
    ("both.example:5070", 2, 5070, "udp"),
    ("both.example:5070", 2, 5070, "tcp"),
])
def test_a_response_finds_another_server_of_the_name_in_its_via(lab, sent_by, server, port, transport):
    partner = server_at(lab, server, port, transport)
    orphan(lab, SERVERS[1], sent_by, transport)
    got = partner.expect(200)
    assert got.get("via").startswith(f"SIP/2.0/{transport.upper()} {sent_by};branch=z9hG4bKorphan")


@pytest.mark.parametrize("sent_by", [f"{SERVERS[2]}:5060", "udponly.example;received=127.0.2.2", "closed.example"])
def test_a_response_goes_nowhere_else_than_to_such_a_name(lab, sent_by):
    other = server_at(lab, 2)
    orphan(lab, SERVERS[1], sent_by, "udp")
    other.expect_silence(0.5)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_stranger_does_not_get_a_response_sent_to_services_of_this_host(lab, transport):
    subprocess.run(["ip", "address", "replace", "198.51.100.7/32", "dev", "lo"], check=True)
    inside = server_at(lab, 2, transport=transport)
    orphan(lab, "198.51.100.7", "inside.example", transport)
    inside.expect_silence(0.5)


def test_a_response_that_fails_there_as_well_is_given_up(lab):
    orphan(lab, SERVERS[1], "pair.example", "udp")
    time.sleep(0.5)
    assert lab.ladder.read_text().count("SIP/2.0 200 OK") <= 4, "to REGISTER, from bob, to alice, to her partner"


# --- slow names ---


class SlowNames:
    """A name server that knows plain.example, and says nothing of any other name."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(ADDRESS)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _next(self):
        packet, self.asker = self.socket.recvfrom(512)
        return packet

    def _run(self):
        while (packet := self._next()) != b"end":
            end = packet.index(b"\0", 12) + 5
            if b"plain" in packet.lower():
                is_a = packet[end - 3] == 1
                answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(SERVERS[1]) if is_a else b""
                self.socket.sendto(packet[:2] + b"\x81\x80\0\1" + bytes([0, is_a]) + b"\0\0\0\0" + packet[12:end] + answer, self.asker)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"end", ADDRESS)
        self.thread.join()
        self.socket.close()


def test_slow_names_of_one_leave_room_for_those_of_others(network, tchind, tmp_path):
    names = SlowNames()
    lab = tchind(options=["--no-auth", "--workers", "1"], wrap=own_etc(tmp_path))
    mallory, alice, plain = lab.peer("mallory"), lab.peer("alice"), server_at(lab, 1)
    for n in range(400):
        mallory.send(mallory.request("MESSAGE", f"sip:x@slow-{n}.example:5060"))
        if n % 50 == 49:
            time.sleep(0.05)
    assert mallory.response().status == 500
    alice.send(alice.request("MESSAGE", "sip:x@plain.example:5060"))
    plain.respond(plain.expect("MESSAGE"), 200)
    alice.expect(200)
    names.stop()
