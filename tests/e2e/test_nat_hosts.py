"""
Phones behind real NATs: network namespaces, a server outside, and two NATs by nftables whose
mappings end after two seconds of silence, so that nobody waits for ten minutes. One keeps the port
and lets in only who was sent to; the other, symmetric, gives a port at random for each peer.
Needs root.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
import time

import pytest

from certificates import Authority
from servers import Server
from sip import Peer, establish, finish, unique

SERVER = "192.0.2.1"
TIMEOUT_S = 2
CLONE_NEWNET = 0x40000000
RULES = """
table ip nat {
    chain leaving {
        type nat hook postrouting priority 100
        oifname "out" masquerade %s
    }
}
"""

libc = ctypes.CDLL(None, use_errno=True)


def run(*words, text=None):
    done = subprocess.run(words, input=text or "", capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"


@contextlib.contextmanager
def within(namespace):
    """What is opened meanwhile belongs to that host."""
    with open("/proc/self/ns/net") as home, open(f"/run/netns/{namespace}") as there:
        assert libc.setns(there.fileno(), CLONE_NEWNET) == 0
        try:
            yield
        finally:
            assert libc.setns(home.fileno(), CLONE_NEWNET) == 0


class Nat:
    """A NAT and the host behind it, at a network of the server's."""

    def __init__(self, name, server, outside, inside, how):
        self.name, self.phone, self.server = f"{name}-nat", f"{name}-phone", server
        self.wire = name[-8:]
        self.outside, self.inside, self.how = outside, inside, how

    def start(self):
        for host in (self.name, self.phone):
            run("ip", "netns", "add", host)
            run("ip", "-n", host, "link", "set", "lo", "up")
        self.join(self.server, self.wire, f"{self.outside}.1", self.name, "out", f"{self.outside}.2")
        self.join(self.name, "in", f"{self.inside}.1", self.phone, "eth0", f"{self.inside}.2")
        run("ip", "-n", self.phone, "route", "add", "default", "via", f"{self.inside}.1")
        run("ip", "-n", self.name, "route", "add", "default", "via", f"{self.outside}.1")
        self.masquerade(self.how)
        for key, value in (("net.ipv4.ip_forward", 1), ("net.netfilter.nf_conntrack_udp_timeout", TIMEOUT_S),
                           ("net.netfilter.nf_conntrack_udp_timeout_stream", TIMEOUT_S)):
            run("ip", "netns", "exec", self.name, "sysctl", "-qw", f"{key}={value}")

    @staticmethod
    def join(host, end, address, other_host, other_end, other_address):
        run("ip", "-n", host, "link", "add", end, "type", "veth", "peer", "name", other_end, "netns", other_host)
        for name, wire, own in ((host, end, address), (other_host, other_end, other_address)):
            run("ip", "-n", name, "addr", "add", f"{own}/24", "dev", wire)
            run("ip", "-n", name, "link", "set", wire, "up")

    def masquerade(self, how):
        run("ip", "netns", "exec", self.name, "nft", "-f", "-", text=RULES % how)

    def reboot(self):
        """A masquerade forgets what went over a link that goes down, and the next mappings are others."""
        run("ip", "netns", "exec", self.name, "nft", "flush", "ruleset")
        self.masquerade("fully-random")
        run("ip", "-n", self.name, "link", "set", "out", "down")
        run("ip", "-n", self.name, "link", "set", "out", "up")
        run("ip", "-n", self.name, "route", "add", "default", "via", f"{self.outside}.1")

    def stop(self):
        for host in (self.phone, self.name):
            subprocess.run(["ip", "netns", "del", host], capture_output=True)


class Phone(Peer):
    """At a host behind a NAT, of which it knows nothing. `ping` keeps its flow open, if it is told to."""

    def __init__(self, nat, *arguments, **options):
        self.nat = nat
        with within(nat.phone):
            super().__init__(*arguments, host=f"{nat.inside}.2", **options)

    def connect(self):
        with within(self.nat.phone):
            return super().connect()

    def reconnect(self):
        for channel in self.channels:
            channel.connection.close()
        self.channels.clear()
        return self.connect()

    def ping(self):
        if self.transport != "udp":
            self.channels[-1].connection.sendall(b"\r\n\r\n")
        else:
            self.socket.sendto(b"\0\1\0\0\x21\x12\xa4\x42" + unique.next("").encode()[:12].ljust(12, b"x"), self.server)


def stay_idle(phones, pings, seconds=3 * TIMEOUT_S):
    """Long enough for every mapping to end that nobody keeps."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for phone in phones if pings else ():
            phone.ping()
        time.sleep(0.5)
        for phone in phones:
            while phone.transport == "udp" and (message := receive_datagram(phone)) is not None:
                if message.startswith(b"OPTIONS "):
                    phone._take(message, phone.server)
                    phone.respond(phone.waiting.pop(), 200)


def receive_datagram(phone):
    phone.socket.setblocking(False)
    try:
        return phone.socket.recv(65536)
    except BlockingIOError:
        return None
    finally:
        phone.socket.setblocking(True)


@pytest.fixture
def hosts(tmp_path):
    """hosts(config) starts a server, and gives it with the two NATs."""
    if os.geteuid() != 0 or not shutil.which("nft"):
        pytest.skip("needs root and nft")
    name = f"t{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        pytest.skip("no network namespaces are to be had here")
    nats = [Nat(f"{name}a", name, "198.51.100", "192.168.7", ""), Nat(f"{name}b", name, "203.0.113", "10.0.0", "fully-random")]
    servers = []

    def start(config=""):
        file = tmp_path / "tchin.conf"
        file.write_text(config)
        server = Server(tmp_path / "server", users={"alice": "wonderland", "bob": "builder"}, host=SERVER, tls_port=5061,
                        options=["--config", file], wrap=f"ip netns exec {name}")
        server.authority = Authority(tmp_path / "authority")
        server.certify(server.authority.issue("DNS:example.org"))
        servers.append(server)
        return server.start(), nats

    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "addr", "add", f"{SERVER}/32", "dev", "lo")
        for nat in nats:
            nat.start()
        yield start
    finally:
        for server in servers:
            print(server.story()[-10000:])
            server.stop()
        for nat in nats:
            nat.stop()
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def phones_at(server, nats, transport):
    """Alice behind the port-restricted NAT, Bob behind the symmetric one."""
    phones = []
    for nat, user in zip(nats, ("alice", "bob")):
        address = (server.host, server.tls_port) if transport == "tls" else server.address
        phone = Phone(nat, user, address, transport=transport, password=server.users[user],
                      security=server.authority.client() if transport == "tls" else None)
        server.peers.append(phone)
        assert phone.register().status == 200
        phones.append(phone)
    return phones


def call_both_ways(alice, bob):
    for caller, callee in ((alice, bob), (bob, alice)):
        end, other_end = establish(caller, callee, callee.aor)
        finish(end, callee)
        end, other_end = establish(caller, callee, callee.aor)
        finish(other_end, caller)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_calls_arrive_in_both_directions_after_a_long_silence_but_for_keep_alives(hosts, transport):
    server, nats = hosts()
    alice, bob = phones_at(server, nats, transport)
    call_both_ways(alice, bob)
    stay_idle((alice, bob), pings=True)
    call_both_ways(alice, bob)


def test_without_keep_alives_the_nats_close(hosts):
    """So that the test above, and the next, say something."""
    server, nats = hosts()
    alice, bob = phones_at(server, nats, "udp")
    stay_idle((alice, bob), pings=False)
    alice.invite(bob.aor)
    bob.expect_silence(1)


@pytest.mark.parametrize("kind", ["crlf", "options"])
def test_calls_arrive_where_the_server_keeps_the_nats_open(hosts, kind):
    server, nats = hosts(f"probe = {kind}\nprobe_interval = 1s\n")
    alice, bob = phones_at(server, nats, "udp")
    stay_idle((alice, bob), pings=False)
    call_both_ways(alice, bob)


def test_a_dialog_goes_on_after_a_long_silence(hosts):
    server, nats = hosts()
    alice, bob = phones_at(server, nats, "udp")
    alice_end, bob_end = establish(alice, bob, bob.aor)
    stay_idle((alice, bob), pings=True)
    bob_end.request("INFO")
    alice.respond(alice.expect("INFO"), 200)
    bob.expect(200)
    finish(alice_end, bob)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_nat_that_reboots_costs_one_refresh_and_no_more(hosts, transport):
    server, nats = hosts()
    alice, bob = phones_at(server, nats, transport)
    alice_end, bob_end = establish(alice, bob, bob.aor)
    nats[1].reboot()
    if transport != "udp":
        bob.reconnect()
    assert bob.register(cseq=50).status == 200
    alice_end.request("INFO")
    bob.respond(bob.expect("INFO"), 200)
    alice.expect(200)
    finish(alice_end, bob)
    call_both_ways(alice, bob)
