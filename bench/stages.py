"""
The parts of a run. Each yields records: plain dictionaries whose `kind` says what was measured.
"""

import json
import subprocess
import threading
import time

from targets import BIN, HERE, PASSWORD, PORT, SERVERS, CannotMeasure, Floor, KamailioGrowing, Tchind
from works import BY_NAME, DOMAIN, USERS, WORKS, load_words

WINDOW = 100
TIMEOUT_S = 8
LOCAL_PORT = PORT + 15000  # always the same, so that a user has the same contact in every run of the load
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25)  # of what saturates
MANY_SOCKETS = 16  # so that every worker has some
STALL_RATE = 2000  # OPTIONS a second, while the server has something else to do
EXPIRES_S = 60  # the shortest that a server takes by default
IMPORTED = 100_000
SETTLE_S = 36  # until what transactions held is given back: 64*T1, and some


class Bench:
    """What all stages need: settings, where to run things, and what is pinned where."""

    def __init__(self, settings, folder, group, pins, tell):
        self.settings = settings
        self.folder = folder
        self.group = group
        self.server_cpu, self.load_cpu = pins  # None: not pinned
        self.tell = tell
        self.secret = folder / "password"
        self.secret.write_text(PASSWORD + "\n")

    def server(self, kind, pinned=True):
        server = kind(self.folder, self.group, self.server_cpu if pinned else None)
        server.prepare()
        return server

    def load(self, words, pinned=True):
        command = [str(BIN / "tchin"), "load", f"sip:127.0.0.1:{PORT}", "--domain", DOMAIN, "--json", "--port", str(LOCAL_PORT),
                   "--timeout", str(TIMEOUT_S), "--cgroup", str(self.group.folder), *words]
        if pinned and self.load_cpu is not None:
            command = ["taskset", "-c", str(self.load_cpu), *command]
        done = subprocess.run(command, capture_output=True, text=True)
        if not done.stdout:
            raise CannotMeasure(f"{' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def measure(self, work, words=(), pinned=True, users=USERS):
        """One work for the measured seconds, after a warm-up."""
        warmup = self.settings["steady_s" if work.steady else "warmup_s"]
        digest = ["--password-file", str(self.secret)] if work.digest else []
        spin = ["--spin"] if pinned and self.load_cpu is not None else []
        return self.load([*load_words(work, users), *digest, *spin, "--window", str(WINDOW), "--duration",
                          str(self.settings["seconds"]), "--warmup", str(warmup), *words], pinned)


def work_rounds(bench):
    """Every server in turn, and that in every round: what drifts, drifts for all."""
    wanted = bench.settings["works"]
    for number in range(1, bench.settings["rounds"] + 1):
        for kind in SERVERS:
            if kind.name not in bench.settings["servers"]:
                continue
            server = bench.server(kind)
            server.start()
            for work in WORKS:
                if work.name not in kind.works or work.name not in wanted:
                    continue
                bench.tell(f"round {number} of {bench.settings['rounds']}: {kind.title}, {work.title}")
                told = bench.measure(work)
                yield {"kind": "work", "round": number, "server": kind.name, "work": work.name,
                       "pss_bytes": bench.group.pss_bytes(), "load": told}
            server.stop()


def saturation(bench, work):
    """What tchind answers in a second when asked as fast as it answers."""
    server = bench.server(Tchind)
    server.start()
    bench.tell(f"what saturates: {work.title}")
    per_s = bench.measure(work)["per_s"]
    server.stop()
    return per_s


def latency_curve(bench):
    """
    Percentiles against what is offered, from little to more than can be carried. The floor is
    offered as many OPTIONS: what it is late by, the machine is late by.
    """
    works = [BY_NAME[name] for name in ("options", "register")]
    per_s = {work.name: saturation(bench, work) for work in works}
    for name, rate in per_s.items():
        yield {"kind": "saturation", "work": name, "per_s": rate}
    for number in range(1, bench.settings["rounds"] + 1):
        for work, kind in ((works[0], Tchind), (works[0], Floor), (works[1], Tchind)):
            server = bench.server(kind)
            server.start()
            for share in SHARES:
                bench.tell(f"round {number} of {bench.settings['rounds']}: latency at {share:.0%} of {per_s[work.name]:,.0f}/s: "
                           f"{kind.title}, {work.title}")
                words = ["--rate", f"{share * per_s[work.name]:.1f}", "--window", str(USERS)]
                yield {"kind": "latency", "round": number, "server": kind.name, "work": work.name, "share": share,
                       "load": bench.measure(work, words)}
            server.stop()


def register_all(bench, users, expires_s=86400):
    """Every one of them, from nothing; what is there already is refreshed."""
    words = ["--scenario", "register", "--users", str(users), "--count", str(users), "--window", str(WINDOW)]
    return bench.load([*words, "--expires", str(expires_s)])


def memory(bench):
    """Bindings: what they take, what a refresh costs among so many, and stop and start with them."""
    for kind in (KamailioGrowing, Tchind):
        if kind.name not in bench.settings["servers"]:
            continue
        server = bench.server(kind)
        server.start()
        yield {"kind": "memory", "server": kind.name, "users": 0, "pss_bytes": bench.group.pss_bytes()}
        for users in bench.settings["users"]:
            bench.tell(f"{kind.title}: memory with {users:,} bindings")
            fresh = register_all(bench, users)
            time.sleep(SETTLE_S)
            yield {"kind": "memory", "server": kind.name, "users": users, "pss_bytes": bench.group.pss_bytes(), "fresh": fresh}
            told = bench.measure(BY_NAME["register"], users=users)
            yield {"kind": "flatness", "server": kind.name, "users": users, "load": told}
        if kind is Tchind:
            yield restart(bench, server, max(bench.settings["users"]))
        server.stop()


def restart(bench, server, users):
    """Stops and starts it with all its bindings."""
    bench.tell(f"stop and start with {users:,} bindings")
    stop_s, by_itself = server.stop()
    start_s = server.start()
    found = subprocess.run([BIN / "tchin", "location", "list", "--json", "--data", server.folder / "data"],
                           stdout=subprocess.PIPE).stdout.count(b"\n")
    return {"kind": "restart", "users": users, "stop_s": stop_s, "stopped_by_itself": by_itself, "start_s": start_s,
            "found": found, "pss_bytes": bench.group.pss_bytes()}


class Meanwhile(threading.Thread):
    """OPTIONS at an easy rate, in the background: how long the slowest waited is how long the server did."""

    def __init__(self, bench, seconds):
        super().__init__()
        self.bench, self.seconds = bench, seconds
        self.start()

    def run(self):
        # Its own port, and none of the callees' that registered.
        self.told = self.bench.load(["--scenario", "options", "--rate", str(STALL_RATE), "--duration", str(self.seconds),
                                     "--port", str(LOCAL_PORT + 1000)])

    def record(self, during):
        self.join()
        return {"kind": "stall", "during": during, "load": self.told}


def stalls(bench):
    """Whether answers wait for what is done besides."""
    users = max(bench.settings["users"])
    server = bench.server(Tchind)
    server.start()
    bench.tell(f"OPTIONS while {users:,} register")
    quiet = Meanwhile(bench, bench.settings["seconds"])
    yield quiet.record("nothing")
    registering_s = max(bench.settings["seconds"], users / bench.settings["users_per_s"])
    meanwhile = Meanwhile(bench, registering_s)
    register_all(bench, users, EXPIRES_S)
    yield meanwhile.record(f"{users:,} phones register, and the log is folded")
    bench.tell(f"OPTIONS while {users:,} bindings expire")
    yield Meanwhile(bench, EXPIRES_S + 5).record(f"{users:,} bindings expire")
    csv = bench.folder / "import.csv"
    csv.write_text("".join(f"user{n:07}@{DOMAIN},{PASSWORD}\n" for n in range(IMPORTED)))
    bench.tell(f"OPTIONS while {IMPORTED:,} users are imported")
    before = bench.group.pss_bytes()
    meanwhile = Meanwhile(bench, 5)
    subprocess.run([BIN / "tchin", "user", "import", csv, "--data", server.folder / "data"], check=True, capture_output=True)
    yield meanwhile.record(f"{IMPORTED:,} users are imported")
    yield {"kind": "users", "users": IMPORTED, "pss_bytes": bench.group.pss_bytes() - before}
    server.stop()


def workers(bench):
    """One worker and two, each with a window of its own, nothing pinned, the load on the same cores."""
    for number in range(1, bench.settings["rounds"] + 1):
        for count in (1, 2):
            server = bench.server(Tchind, pinned=False)
            server.workers = count
            server.start()
            for name in ("options", "register", "message", "call"):
                if name not in bench.settings["works"]:
                    continue
                bench.tell(f"round {number} of {bench.settings['rounds']}: {count} workers, {BY_NAME[name].title}")
                words = ["--sockets", str(MANY_SOCKETS), "--window", str(count * WINDOW)]
                told = bench.measure(BY_NAME[name], words, pinned=False)
                yield {"kind": "workers", "round": number, "workers": count, "work": name, "load": told}
            server.stop()


def idle(bench):
    """Connections that are open and silent, each kind with a server of its own."""
    for transport in ("tcp", "tls", "ws", "wss"):
        bench.tell(f"{bench.settings['idle']:,} connections by {transport} that say nothing")
        done = subprocess.run([HERE / "idle", "--kinds", transport, "--connections", str(bench.settings["idle"])],
                              capture_output=True, text=True)
        if not done.stdout:
            raise CannotMeasure(f"bench/idle --kinds {transport}: {done.stderr.strip()}")
        yield json.loads(done.stdout)


STAGES = {"work": work_rounds, "latency": latency_curve, "memory": memory, "stalls": stalls,
          "workers": workers, "idle": idle}
