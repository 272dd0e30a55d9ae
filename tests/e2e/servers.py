"""
The server under test, and the demo's: a tchind on a loopback address and in a folder of its own.
TCHIN_BIN names the folder of the programs; TCHIN_WRAP, a command to run the server under.
"""

import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import threading
import time

import sip
from sip import own_address

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("TCHIN_BIN", ROOT / "build" / "bin"))
TCHIND = BIN / "tchind"
IS_THREAD_SANITIZED = TCHIND.is_file() and b"__tsan_init" in TCHIND.read_bytes()  # takes several times the memory and the time
IS_SANITIZED = IS_THREAD_SANITIZED or (TCHIND.is_file() and b"__asan_init" in TCHIND.read_bytes())
READY_S = 20
STOP_S = 5
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error:|LeakSanitizer|ERROR SUMMARY: [1-9]")

def stranger(kind=socket.SOCK_DGRAM):
    """A socket at an address of its own, so that what comes too late for it comes to nobody."""
    own = socket.socket(socket.AF_INET, kind)
    own.bind((own_address(), 0))
    return own


def configured(folder, text):
    """The options that make a tchind read this configuration."""
    path = folder / "tchin.conf"
    path.write_text(text)
    return ["--config", path]


class Server:
    """A tchind on an address and in a folder of its own, run until stop."""

    def __init__(self, folder, domains=("example.org",), users=None, options=(), host=None, port=5060, wrap=None,
                 traces=True, listen=(), tls_port=None):
        self.folder = folder
        self.data = folder / "data"
        self.ladder = folder / "ladder.txt"  # what --trace says
        self.domains = list(domains)
        self.domain = self.domains[0] if self.domains else None
        self.users = dict(users or {})
        self.options = [*options, *(["--trace"] if traces else [])]
        self.host = host or own_address()
        self.port = port
        self.tls_port = tls_port  # None: it does not listen to TLS
        self.listen = listen  # other sockets than the usual two
        self.wrap = shlex.split(os.environ.get("TCHIN_WRAP", "") if wrap is None else wrap)
        self.log = []
        self.process = None
        self.peers = []
        self._news = threading.Condition()
        folder.mkdir(parents=True, exist_ok=True)
        for user, password in self.users.items():
            self.add_user(user, password)

    @property
    def address(self):
        return self.host, self.port

    @property
    def listeners(self):
        place = f"{sip.bracketed(self.host)}:{self.port}"
        usual = [f"udp:{place}", f"tcp:{place}"]
        if self.tls_port is not None:
            usual.append(f"tls:{sip.bracketed(self.host)}:{self.tls_port}")
        return [word for uri in self.listen or usual for word in ("--listen", uri)]

    def tool(self, *arguments, **options):
        """Runs `tchin`; returns what it did."""
        return subprocess.run([BIN / "tchin", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=30, **options)

    def add_user(self, user, password):
        """`user` is a name in the first domain, or an AoR."""
        aor = user if "@" in user else f"sip:{user}@{self.domain}"
        secret = self.folder / "password"
        secret.write_text(password + "\n")
        done = self.tool("user", "add", aor, "--password-file", secret, "--data", self.data)
        assert done.returncode == 0, done.stderr

    def certify(self, pair, domain=None):
        """Puts a certificate and its key, names of files, where the server looks for them."""
        folder = self.data / "tls" / (domain or self.domain)
        folder.mkdir(parents=True, exist_ok=True)
        for source, name in zip(pair, ("cert.pem", "key.pem")):
            (folder / f"new-{name}").write_bytes(pathlib.Path(source).read_bytes())
            (folder / f"new-{name}").rename(folder / name)

    def start(self):
        self.began_at = len(self.log)
        with self.ladder.open("ab") as ladder:
            self.process = subprocess.Popen(
                [*self.wrap, TCHIND, *self.domains, "--data", self.data, *self.listeners, *self.options],
                stdin=subprocess.DEVNULL, stdout=ladder, stderr=subprocess.PIPE, text=True, errors="replace")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.wait_log(r"tchind: ready", READY_S * (6 if self.wrap else 1))
        return self

    def _read(self):
        for line in self.process.stderr:
            with self._news:
                self.log.append(line.rstrip("\n"))
                self._news.notify_all()

    def wait_log(self, pattern, seconds=5):
        """A line of the log since the last start."""
        end, at = time.monotonic() + seconds, self.began_at
        with self._news:
            while True:
                for line in self.log[at:]:
                    at += 1
                    if re.search(pattern, line):
                        return line
                if self.process.poll() is not None and not self.reader.is_alive():
                    raise AssertionError(f"tchind ended with {self.process.returncode}:\n" + "\n".join(self.log[-60:]))
                if time.monotonic() > end:
                    raise AssertionError(f"tchind: no {pattern!r} within {seconds} s:\n" + "\n".join(self.log[-60:]))
                self._news.wait(0.1)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.reader.join()

    def stop(self):
        """As an operator stops it: it must end well and in time, and no sanitizer may have complained."""
        for peer in self.peers:
            peer.close()
        self.peers = []
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_S * (6 if self.wrap else 1))
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"tchind did not end within {STOP_S} s of SIGTERM:\n" + "\n".join(self.log[-60:]))
        self.reader.join(5)
        complaints = [line for line in self.log if SANITIZER.search(line)]
        killed_by_us = status == -signal.SIGKILL
        assert not complaints and (status == 0 or killed_by_us), f"tchind ended with {status}:\n" + "\n".join(self.log[-100:])

    def story(self):
        """The messages and the log, for who wants to know what went wrong."""
        return f"{self.ladder.read_text(errors='replace')}\n" + "\n".join(self.log)

    def peer(self, user, transport="udp", **options):
        """A user agent at this server; closed when it stops."""
        settings = {"domain": self.domain, "password": self.users.get(user), **options}
        address = (self.host, self.tls_port) if transport == "tls" else self.address
        peer = sip.Peer(user, address, transport=transport, **settings)
        self.peers.append(peer)
        return peer

    def registered(self, user, transport="udp", **options):
        peer = self.peer(user, transport, **options)
        response = peer.register()
        assert response.status == 200, str(response)
        return peer

    def phone(self, kind, user, transport="udp", hertz=440, name=None, host=None, trust=None):
        """A phone of that kind, not yet started, which knows the server by the name `host`."""
        port = self.tls_port if transport == "tls" else self.port
        return kind(self.folder / (name or user), f"sip:{user}@{self.domain}", self.users[user],
                    f"{host or self.host}:{port}", transport, hertz, trust)
