"""Many calls at once: SIPp as caller and callee through a server, in this network or in others."""

import csv
import pathlib
import subprocess

from phones import free_port
from sip import bracketed

SCENARIOS = pathlib.Path(__file__).resolve().parent / "sipp"


class Sipp:
    """One SIPp, with the statistics it leaves behind."""

    def __init__(self, folder, scenario, host, remote, options=(), where=(), **keys):
        self.folder = folder / scenario
        self.folder.mkdir()
        self.statistics = self.folder / "statistics.csv"
        command = [*where, "sipp", remote, "-sf", SCENARIOS / f"{scenario}.xml", "-i", host, "-nostdin",
                   "-trace_stat", "-stf", self.statistics, "-fd", "1", "-trace_err", "-error_file", self.folder / "errors.log"]
        for name, value in keys.items():
            command += ["-key", name, str(value)]
        self.process = subprocess.Popen([*command, *options], cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        finally:
            self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def count(self, column):
        """A cumulated figure of the last line written, such as SuccessfulCall(C)."""
        rows = list(csv.DictReader(self.statistics.open(), delimiter=";"))
        return int(rows[-1][column])

    def errors(self):
        log = self.folder / "errors.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""


def place(address):
    return f"{bracketed(address[0])}:{address[1]}"


class Side:
    """Where one SIPp is: its own host, the (host, port) of the server as seen from there, and by which transport."""

    def __init__(self, host, server, transport="udp"):
        self.host, self.remote, self.transport = host, place(server), transport
        self.options = ["-t", "t1" if transport == "tcp" else "u1"]


def run_calls(folder, server, calls, rate, host="127.0.0.1", where=(), patience_s=120, callees=None, transport="udp"):
    """
    `calls` calls at `rate` a second from one SIPp to another through `server` = (host, port), which
    asks for no passwords. `callees` is the Side of the callee, if it is another. Returns how many
    succeeded and how many failed, and the errors.
    """
    callers = Side(host, server, transport)
    callees = callees or callers
    callee_port = free_port()
    common = {"domain": "example.org"}
    register = Sipp(folder, "register", callees.host, callees.remote, [*callees.options, "-m", "1", "-s", "callee"], where,
                    callee_place=f"{callee_port};transport={callees.transport}", **common)
    assert register.wait(30) == 0, "the callee could not register: " + register.errors()

    # An INVITE that comes again when both 180 and 200 got lost is nothing the callee should give up for.
    callee = Sipp(folder, "callee", callees.host, callees.remote,
                  [*callees.options, "-p", str(callee_port), "-default_behaviors", "all,-abortunexp"], where)
    caller = Sipp(folder, "caller", host, callers.remote,
                  [*callers.options, "-m", str(calls), "-r", str(rate), "-l", str(rate * 40), "-s", "callee",
                   "-max_invite_retrans", "10"], where, **common)
    try:
        caller.wait(calls / rate + patience_s)
        errors = f"caller: {caller.errors()}\ncallee: {callee.errors()}"
        return caller.count("SuccessfulCall(C)"), caller.count("FailedCall(C)"), errors
    finally:
        callee.stop()
