"""
What is measured: tchind, Kamailio and the kernel's floor, each started in a control group of its own
and pinned to a core of its own, if there are two.
"""

import hashlib
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time

import machine
from works import DOMAIN, USERS

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("TCHIN_BIN", machine.ROOT / "build" / "bin"))
PORT = int(os.environ.get("PORT", "5060"))
PASSWORD = "correct horse battery staple"
KAMAILIO_SQL = pathlib.Path("/usr/share/kamailio/db_sqlite")
READY_S = 60
STOP_S = 70  # Kamailio allows itself a minute

UDP_WORKS = ("options", "register", "message", "call")
TCP_WORKS = ("options-tcp", "register-tcp", "call-tcp")


class CannotMeasure(Exception):
    """Said to who runs the bench, without a traceback."""


class Group:
    """A control group: what is in it is counted together, and ended together."""

    def __init__(self):
        version_1 = pathlib.Path("/sys/fs/cgroup/cpuacct")
        top = version_1 if version_1.is_dir() else pathlib.Path("/sys/fs/cgroup")
        self.folder = top / f"tchin-bench-{os.getpid()}"
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise CannotMeasure(f"a control group is needed to count CPU time, but {error}: run this as root")

    def enter(self):
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def processes(self):
        return [int(pid) for pid in (self.folder / "cgroup.procs").read_text().split()]

    def pss_bytes(self):
        """Memory, what is shared counted once."""
        total = 0
        for pid in self.processes():
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
            except (OSError, ProcessLookupError):
                pass
        return total * 1024

    def end(self, seconds):
        """False: something had to be killed."""
        end = time.monotonic() + seconds
        while self.processes() and time.monotonic() < end:
            time.sleep(0.005)
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        while self.processes():
            time.sleep(0.01)
        return not left

    def remove(self):
        self.end(0)
        self.folder.rmdir()


class Server:
    """One that can be started, loaded and stopped."""

    name = title = None
    works = ()
    workers = 1

    def __init__(self, folder, group, cpu):
        self.folder = folder / self.name
        self.group = group
        self.cpu = cpu  # None: not pinned
        self.process = None

    def prepare(self):
        """Begins with empty data."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def command(self):
        raise NotImplementedError

    def settle(self):
        self.group.enter()
        if self.cpu is not None:
            os.sched_setaffinity(0, {self.cpu})

    def start(self):
        """Returns the seconds until it answered."""
        begun = time.monotonic()
        self.log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen([str(word) for word in self.command()], cwd=self.folder, preexec_fn=self.settle,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - begun > READY_S:
                raise CannotMeasure(f"{self.name} does not run: see {self.folder}/log")
        return time.monotonic() - begun

    def answers(self):
        done = subprocess.run([BIN / "tchin", "ping", f"sip:127.0.0.1:{PORT}", "--timeout", "0.05"], capture_output=True)
        return done.returncode == 0

    def stop(self):
        """Returns the seconds it took, and whether it ended by itself."""
        begun = time.monotonic()
        self.process.terminate()
        by_itself = self.group.end(STOP_S)
        self.process.wait()
        self.log.close()
        return time.monotonic() - begun, by_itself


class Tchind(Server):
    name, title = "tchind", "tchind"
    works = UDP_WORKS + TCP_WORKS
    options = ["--no-auth"]

    def command(self):
        return [BIN / "tchind", DOMAIN, *self.options, "--workers", self.workers, "--data", self.folder / "data",
                "--listen", f"udp:127.0.0.1:{PORT}", "--listen", f"tcp:127.0.0.1:{PORT}"]


class TchindRelaxed(Tchind):
    name, title = "tchind-relaxed", "tchind, not durable"
    works = ("register",)
    options = ["--no-auth", "--durability", "relaxed"]


class TchindDigest(Tchind):
    name, title = "tchind-digest", "tchind, digest"
    works = ("register-digest",)
    options = []

    def prepare(self):
        super().prepare()
        users = self.folder / "users.csv"
        users.write_text("".join(f"user{n:07}@{DOMAIN},{PASSWORD}\n" for n in range(USERS)))
        subprocess.run([BIN / "tchin", "user", "import", users, "--data", self.folder / "data"], check=True,
                       capture_output=True)


class Kamailio(Server):
    """The fastest settings that were found: its allocator tlsf, and memory touched beforehand."""

    name, title = "kamailio", "Kamailio, tuned"
    works = UDP_WORKS + TCP_WORKS
    allocator = ["-x", "tlsf", "-A", "PREFAULT"]
    defines = ()
    children = 2
    shared_mb = 4096

    def prepare(self):
        if shutil.which("kamailio") is None:
            raise CannotMeasure("there is no kamailio: scripts/install-packages bench")
        super().prepare()
        text = (HERE / "peers" / "kamailio.cfg").read_text()
        for word, value in (("@PORT@", PORT), ("@WORKERS@", self.children), ("@FOLDER@", self.folder)):
            text = text.replace(word, str(value))
        (self.folder / "kamailio.cfg").write_text(text)

    def command(self):
        defines = [word for define in self.defines for word in ("-A", define)]
        return ["kamailio", "-f", self.folder / "kamailio.cfg", "-DD", "-E", "-m", self.shared_mb, "-M", 32,
                "-Y", self.folder, "-P", self.folder / "pid", *self.allocator, *defines]


class KamailioGrowing(Kamailio):
    """Without the memory touched beforehand: what is touched is what it needs."""

    works = ()
    allocator = ["-x", "tlsf"]


class KamailioPackaged(Kamailio):
    """As the package runs it: the allocator that looks for errors in the use of memory."""

    name, title = "kamailio-packaged", "Kamailio, as packaged"
    works = UDP_WORKS
    allocator = []


class KamailioDigest(Kamailio):
    name, title = "kamailio-digest", "Kamailio, digest"
    works = ("register-digest",)
    defines = ("DIGEST",)

    def prepare(self):
        super().prepare()
        database = sqlite3.connect(self.folder / "kamailio.db")
        database.execute("PRAGMA journal_mode=WAL")
        for part in ("standard", "auth_db", "usrloc"):
            database.executescript((KAMAILIO_SQL / f"{part}-create.sql").read_text())
        rows = []
        for n in range(USERS):
            name = f"user{n:07}"
            rows.append((name, DOMAIN, hashlib.md5(f"{name}:{DOMAIN}:{PASSWORD}".encode()).hexdigest()))
        database.executemany("INSERT INTO subscriber (username, domain, ha1) VALUES (?, ?, ?)", rows)
        database.commit()
        database.close()


class KamailioWritten(KamailioDigest):
    """One worker: the writes of two get in each other's way, and most REGISTERs fail."""

    name, title = "kamailio-written", "Kamailio, written through"
    defines = ("DIGEST", "WRITE_THROUGH")
    children = 1


class Floor(Server):
    name, title = "floor", "the kernel's floor"
    works = ("options",)

    def prepare(self):
        super().prepare()
        subprocess.run(["cc", "-O2", "-o", self.folder / "floor", HERE / "floor.c"], check=True)

    def command(self):
        return [self.folder / "floor", PORT]


SERVERS = [Tchind, Kamailio, Floor, TchindRelaxed, TchindDigest, KamailioDigest, KamailioWritten, KamailioPackaged]
TITLES = {server.name: server.title for server in SERVERS}
