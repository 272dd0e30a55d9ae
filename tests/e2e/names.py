"""
A network of a test's own, and a name server in it: a namespace for the test and whatever it starts,
in which all of 127/8 is there to be had and nothing is in use, with nsd at 127.0.0.1.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

CLONE_NEWNET = 0x40000000
ADDRESS = ("127.0.0.1", 53)
CONFIGURATION = """
server:
    ip-address: 127.0.0.1
    username: ""
    chroot: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    database: ""
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
"""

libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def own_network():
    """This thread, and what it starts, lives in a network of its own as long as this lasts."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for a network of its own")
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    if libc.unshare(CLONE_NEWNET) != 0:
        os.close(before)
        pytest.skip("no network namespaces are to be had here")
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        assert libc.setns(before, CLONE_NEWNET) == 0
        os.close(before)


def own_etc(folder, hosts=""):
    """A command to run a server under that finds this name server in /etc/resolv.conf, and these hosts."""
    etc = folder / "etc"
    shutil.copytree("/etc", etc, symlinks=True, ignore=lambda path, names: {"resolv.conf", "hosts"} if path == "/etc" else set())
    (etc / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n{hosts}")
    return f"unshare --mount sh -c 'mount --bind {etc} /etc && exec \"$@\"' sh"


def wait_until_free(address):
    """Those that a process has started may take a moment longer to end."""
    end = time.monotonic() + 10
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(address)
                return
            except OSError:
                assert time.monotonic() < end, f"{address} is in use"
        time.sleep(0.02)


class NameServer:
    """nsd with these zones: {"example": text}, or None for one that it has no data of (SERVFAIL)."""

    def __init__(self, folder, zones):
        if not shutil.which("nsd"):
            pytest.skip("no nsd here")
        self.folder = folder
        self.zones = zones
        folder.mkdir()

    def start(self):
        text = CONFIGURATION.format(folder=self.folder)
        for name, zone in self.zones.items():
            text += f'zone:\n    name: "{name}"\n    zonefile: "{name}.zone"\n'
            if zone is not None:
                (self.folder / f"{name}.zone").write_text(zone)
        (self.folder / "nsd.conf").write_text(text)
        self.log = (self.folder / "nsd.log").open("wb")
        self.process = subprocess.Popen(["nsd", "-d", "-c", self.folder / "nsd.conf"], stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        self._wait_until_it_answers()
        return self

    def _wait_until_it_answers(self):
        query = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\0\0\6\0\1"
        end = time.monotonic() + 10
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(0.1)
            while time.monotonic() < end:
                with contextlib.suppress(OSError):
                    asker.sendto(query, ADDRESS)
                    asker.recv(512)
                    return
        raise AssertionError("nsd does not answer:\n" + (self.folder / "nsd.log").read_text())

    def pids(self):
        """Those of nsd, and of what it has started."""
        return subprocess.run(["pgrep", "-g", str(self.process.pid)], capture_output=True, text=True, check=True).stdout.split()

    def signal(self, number):
        """To all its processes."""
        os.killpg(self.process.pid, number)

    def stop(self):
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        wait_until_free(ADDRESS)


def zone(name, records):
    """A zone file: its beginning, and these records."""
    return f"$ORIGIN {name}.\n$TTL 60\n@ SOA ns.{name}. nobody.{name}. 1 3600 600 86400 5\n@ NS ns\nns A 127.0.0.1\n{records}"


def sign(folder, name, text):
    """The zone signed by a key made for it, and the trust anchor for it."""
    if not shutil.which("ldns-signzone"):
        pytest.skip("no ldns-signzone here")
    folder.mkdir()
    (folder / "zone").write_text(text)
    key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name], cwd=folder, check=True, capture_output=True,
                         text=True).stdout.strip()
    subprocess.run(["ldns-signzone", "-f", "signed", "zone", key], cwd=folder, check=True, capture_output=True)
    return (folder / "signed").read_text(), (folder / f"{key}.ds").read_text()
