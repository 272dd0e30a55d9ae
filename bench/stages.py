"""
The parts of a run. Each yields records: plain dictionaries whose `kind` says what was measured.
"""

import json
import subprocess

from servers import BIN, PASSWORD, PORT, SERVERS, CannotMeasure, Tchind
from works import BY_NAME, DOMAIN, USERS, WORKS, load_words

WINDOW = 100
TIMEOUT_S = 8
LOCAL_PORT = 20000  # always the same, so that a user has the same contact in every run of the load
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25)  # of what saturates
MANY_SOCKETS = 16  # so that every worker has some


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


def latency_curve(bench):
    """Percentiles against what is offered, from little to more than can be carried."""
    for name in ("options", "register"):
        work = BY_NAME[name]
        server = bench.server(Tchind)
        server.start()
        bench.tell(f"what saturates: {work.title}")
        saturation = bench.measure(work)["per_s"]
        yield {"kind": "saturation", "work": name, "per_s": saturation}
        for share in SHARES:
            bench.tell(f"latency at {share:.0%} of {saturation:,.0f}/s: {work.title}")
            words = ["--rate", f"{share * saturation:.1f}", "--window", str(USERS)]
            yield {"kind": "latency", "work": name, "share": share, "load": bench.measure(work, words)}
        server.stop()


def register_all(bench, users):
    """Every one of them, from nothing; what is there already is refreshed."""
    words = ["--scenario", "register", "--users", str(users), "--count", str(users), "--window", str(WINDOW)]
    return bench.load([*words, "--expires", "86400"])


def memory(bench):
    """Bindings: what they take, what a refresh costs among so many, and stop and start with them."""
    server = bench.server(Tchind)
    server.start()
    empty = bench.group.pss_bytes()
    yield {"kind": "memory", "users": 0, "pss_bytes": empty}
    for users in bench.settings["users"]:
        bench.tell(f"memory with {users:,} bindings")
        fresh = register_all(bench, users)
        yield {"kind": "memory", "users": users, "pss_bytes": bench.group.pss_bytes(), "fresh": fresh}
        yield {"kind": "flatness", "users": users, "load": bench.measure(BY_NAME["register"], users=users)}
    users = max(bench.settings["users"])
    bench.tell(f"stop and start with {users:,} bindings")
    stop_s, by_itself = server.stop()
    start_s = server.start()
    found = subprocess.run([BIN / "tchin", "location", "list", "--json", "--data", server.folder / "data"],
                           stdout=subprocess.PIPE).stdout.count(b"\n")
    yield {"kind": "restart", "users": users, "stop_s": stop_s, "stopped_by_itself": by_itself, "start_s": start_s,
           "found": found, "pss_bytes": bench.group.pss_bytes()}
    server.stop()


def workers(bench):
    """One worker and two, nothing pinned, the load on the same cores."""
    for number in range(1, bench.settings["rounds"] + 1):
        for count in (1, 2):
            server = bench.server(Tchind, pinned=False)
            server.workers = count
            server.start()
            for name in ("options", "register", "message", "call"):
                if name not in bench.settings["works"]:
                    continue
                bench.tell(f"round {number} of {bench.settings['rounds']}: {count} workers, {BY_NAME[name].title}")
                told = bench.measure(BY_NAME[name], ["--sockets", str(MANY_SOCKETS)], pinned=False)
                yield {"kind": "workers", "round": number, "workers": count, "work": name, "load": told}
            server.stop()


STAGES = {"work": work_rounds, "latency": latency_curve, "memory": memory, "workers": workers}
