"""
The server under test, and the demo's: a tchind on a loopback address and in a folder of its own.
TCHIN_BIN names the folder of the programs; TCHIN_WRAP, a command to run the server under.
"""

import contextlib
import glob
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
CLOSE_WAIT = "08"  # in /proc/net/tcp
STOP_S = 5
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error:|LeakSanitizer|ERROR SUMMARY: [1-9]")

def stranger(kind=socket.SOCK_DGRAM):
    """A socket at an address of its own, so that what comes too late for it comes to nobody."""
    own = socket.socket(socket.AF_INET, kind)
    own.bind((own_address(), 0))
    return own


def until(claim, seconds=5):
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.01)


class Stopwatch:
    """
    Seconds, but for those in which this process and those that are measured stood in the queue for a processor:
    that others keep the machine busy is no fault of theirs.
    """

    def __init__(self, pids):
        self.pids = ["self", *pids]
        self.began = time.monotonic()
        self.waits = {}
        self._look()
        self.before_ns = sum(self.waits.values())

    def _look(self):
        """The second figure of a thread's schedstat; it stays that of the last look when the thread ends."""
        for pid in self.pids:
            for place in glob.glob(f"/proc/{pid}/task/*/schedstat"):
                with contextlib.suppress(OSError), open(place) as schedstat:
                    self.waits[place] = int(schedstat.read().split()[1])

    def seconds(self):
        self._look()
        return time.monotonic() - self.began - (sum(self.waits.values()) - self.before_ns) / 1e9


@contextlib.contextmanager
def taking(least_s, most_s, pids):
    """Asserts how long what is done meanwhile takes these processes."""
    began, watch = time.monotonic(), Stopwatch(pids)
    yield
    took = time.monotonic() - began
    print(f"it took {took:.3f} s, {watch.seconds():.3f} s without waiting for a processor")
    assert least_s <= took and watch.seconds() < most_s


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

    def _ended(self, seconds):
        """Waits for it; returns its status."""
        watch = Stopwatch([self.process.pid])
        while self.process.poll() is None:
            assert watch.seconds() < seconds, f"tchind did not end within {seconds} s:\n" + "\n".join(self.log[-60:])
            time.sleep(0.01)
        return self.process.returncode

    def ends_well(self, seconds):
        return self._ended(seconds) == 0

    def wait_refusing(self):
        """SIGTERM has arrived where requests are judged: what would take state gets a 503."""
        late = self.peer("late", domain="elsewhere.example", password=None)
        until(lambda: late.send(late.request("MESSAGE", f"sip:nobody@{self.domain}")) and late.response().status == 503)

    def _sockets(self):
        folder = f"/proc/{self.process.pid}/fd"
        for descriptor in os.listdir(folder):
            with contextlib.suppress(OSError):
                yield os.readlink(f"{folder}/{descriptor}")

    def _end_of(self, peer):
        """Of the connection of a peer by IPv4: its state, how much the server has not read, and its descriptor; or None."""
        remote = f"{socket.inet_aton(peer[0])[::-1].hex().upper()}:{peer[1]:04X}"
        with open(f"/proc/{self.process.pid}/net/tcp") as table:
            for words in map(str.split, table):
                if words[2] == remote:
                    return words[3], int(words[4].split(":")[1], 16), f"socket:[{words[9]}]"
        return None

    def hang_up(self, connection):
        """Closes the connection of a peer, and waits until the server knows: it has read the end, or closed its own."""
        peer = connection.getsockname()
        own_end = self._end_of(peer)[2]
        connection.close()
        until(lambda: own_end not in self._sockets() or self._end_of(peer) == (CLOSE_WAIT, 0, own_end))

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
            status = self._ended(STOP_S * (6 if self.wrap else 1))
        except AssertionError:
            self.process.kill()
            raise
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
