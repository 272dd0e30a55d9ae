"""
tchin load: what it counts must be what happened, against a server, against peers that lose, repeat
and refuse on purpose, and against nobody.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from servers import BIN, own_address
from test_tools import json_lines, on_a_terminal, tchin, uri

FEW = ["--count", "200", "--users", "50", "--window", "20", "--timeout", "20"]


def load(server, *arguments):
    """The load's one object, and its exit status."""
    done = tchin("load", uri(server), "--domain", "example.org", "--json", *arguments)
    assert done.stdout.count("\n") == 1, done
    return json.loads(done.stdout), done.returncode


def contacts(server):
    return json_lines(tchin("location", "list", "--json", "--data", server.data).stdout)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("scenario", ["options", "register", "message", "call"])
def test_every_scenario_completes(tchind, scenario, transport):
    server = tchind(options=["--no-auth"], traces=False)
    told, status = load(server, *FEW, "--scenario", scenario, "--transport", transport, "--sockets", "3")
    assert status == 0, told
    assert (told["begun"], told["completed"], told["failed"], told["lost"]) == (200, 200, 0, 0), told
    assert (told["strays"], told["unsent"], told["broken"]) == (0, 0, 0), told
    assert told["scenario"] == scenario and told["transport"] == transport
    assert told["statuses"] == {"200": 400 if scenario == "call" else 200}
    times = told["latency_us"]
    assert 0 < times["p50"] <= times["p90"] <= times["p99"] <= times["p999"] <= times["max"]


def test_registrations_stay_those_of_callees_do_not(tchind):
    server = tchind(options=["--no-auth"], traces=False)
    load(server, *FEW, "--scenario", "call")
    assert contacts(server) == []
    load(server, *FEW, "--scenario", "register", "--first", "100", "--expires", "1234", "--port", "23456")
    listed = contacts(server)
    assert sorted(entry["aor"] for entry in listed) == [f"user{n:07}@example.org" for n in range(100, 150)]
    assert all(1200 < entry["expires_s"] <= 1234 for entry in listed)
    assert {entry["contact"].split(":")[-1] for entry in listed} == {"23457"}
    assert all(entry["contact"].startswith("sip:" + entry["aor"].split("@")[0] + "@") for entry in listed)


def test_challenges_are_answered(tchind, tmp_path):
    server = tchind(options=["--digest", "both"], traces=False)
    secret, users = tmp_path / "secret", tmp_path / "users.csv"
    secret.write_text("open sesame\n")
    users.write_text("".join(f"user{n:07}@example.org,open sesame\n" for n in range(50)))
    assert tchin("user", "import", users, "--data", server.data).returncode == 0
    told, status = load(server, *FEW, "--scenario", "register", "--password-file", secret)
    assert (status, told["completed"], told["challenged"]) == (0, 200, 200), told
    for scenario in ("message", "call"):
        told, status = load(server, "--count", "100", "--window", "20", "--scenario", scenario, "--users-file", users)
        assert (status, told["completed"], told["challenged"]) == (0, 100, 100), told


def test_without_the_password_it_says_what_to_do(tchind):
    server = tchind(traces=False)
    told, status = load(server, *FEW, "--scenario", "register")
    assert (status, told["completed"], told["failed"], told["statuses"]) == (1, 0, 200, {"401": 200})
    done = tchin("load", uri(server), "--domain", "example.org", *FEW, "--scenario", "call")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("tchin: 50 of 50 users could not be registered: name their password with --password-file "
                           "or --users-file\n")


# --- peers that do it wrong ------------------------------------------------------------------------------------------


class Peer:
    """Answers each datagram with what `answers(number, request)` says: a list of datagrams."""

    def __init__(self, answers):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((own_address(), 0))
        self.host, self.port = self.socket.getsockname()
        self.answers = answers
        self.requests = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            request, source = self.socket.recvfrom(65536)
            if not request:
                return
            self.requests.append(request)
            for answer in self.answers(request):
                self.socket.sendto(answer, source)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self.host, self.port))
        self.thread.join()
        self.socket.close()


@pytest.fixture
def peer():
    peers = []

    def start(answers):
        peers.append(Peer(answers))
        return peers[-1]

    yield start
    for one in peers:
        one.close()


def ok(request, status="200 OK"):
    head = request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    kept = [line for line in head if line.split(b":")[0] in (b"Via", b"From", b"To", b"Call-ID", b"CSeq")]
    return b"\r\n".join([b"SIP/2.0 " + status.encode(), *kept, b"Content-Length: 0", b"", b""])


def test_what_is_lost_is_sent_again_and_what_comes_twice_is_counted(peer):
    seen = set()

    def deaf_once(request):
        if request in seen:
            return [ok(request), ok(request)]
        seen.add(request)
        return []

    forgetful = peer(deaf_once)
    told, status = load(forgetful, "--count", "30", "--window", "10", "--timeout", "10")
    assert (status, told["completed"], told["lost"]) == (0, 30, 0), told
    assert told["repeated"] == 30 and len(forgetful.requests) == 60, told
    assert told["duplicates"] in range(20, 31), told  # those of the last window may come too late to be counted
    assert told["latency_us"]["p50"] > 490000  # T1


class LossyPath:
    """Carries datagrams to a server and back, all but every eighth."""

    def __init__(self, server):
        self.front, self.back = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for one in (self.front, self.back):
            one.bind((own_address(), 0))
        self.back.connect(server.address)
        self.host, self.port = self.front.getsockname()
        self.seen = self.dropped = 0
        for source in (self.front, self.back):
            threading.Thread(target=self.carry, args=[source], daemon=True).start()

    def carry(self, source):
        while True:
            datagram, sender = source.recvfrom(65536)
            if source is self.front:
                self.client = sender
            self.seen += 1
            if self.seen % 8 == 0:
                self.dropped += 1
            elif source is self.front:
                self.back.send(datagram)
            else:
                self.front.sendto(datagram, self.client)


@pytest.mark.parametrize("scenario", ["options", "register"])
def test_a_lossy_path_costs_repetitions_and_nothing_else(tchind, scenario):
    path = LossyPath(tchind(options=["--no-auth"], traces=False))
    told, status = load(path, "--count", "60", "--users", "60", "--window", "60", "--scenario", scenario)
    assert (status, told["completed"], told["lost"], told["failed"]) == (0, 60, 0, 0), told
    assert path.dropped > 10 and told["repeated"] >= path.dropped, (path.dropped, told)


def test_the_silent_are_given_up(peer):
    silent = peer(lambda request: [])
    start = time.monotonic()
    told, status = load(silent, "--count", "20", "--window", "20", "--timeout", "1.2")
    assert 1.1 < time.monotonic() - start < 10
    assert (status, told["completed"], told["lost"], told["repeated"]) == (1, 0, 20, 20), told


def test_nobody_there_is_said(peer):
    done = tchin("load", f"sip:{own_address()}:9", "--count", "1", "--timeout", "0.3")
    assert done.returncode == 1 and "1 lost" in done.stdout and "nobody listens there" in done.stdout, done
    done = tchin("load", f"sip:{own_address()}:9", "--count", "1", "--transport", "tcp")
    assert done.returncode == 1 and done.stdout == "" and "cannot connect to" in done.stderr, done


def test_other_answers_are_failures_and_garbage_is_astray(peer):
    busy = peer(lambda request: [b"", b"nonsense", ok(request, "100 Trying"), ok(request, "486 Busy Here"),
                                 ok(request).replace(b"branch=z9hG4bK", b"branch=z9hG4bKx")])
    told, status = load(busy, "--count", "10", "--window", "1")
    assert (status, told["completed"], told["failed"], told["statuses"]) == (1, 0, 10, {"486": 10}), told
    assert told["strays"] >= 20, told


def test_hostile_answers_to_a_call_break_nothing(peer):
    def hostile(request):
        if not request.startswith(b"INVITE"):
            return [ok(request)]
        routes = b"Record-Route: " + b",".join(b"<sip:%d.example;lr>" % n for n in range(40)) + b"\r\n"
        return [ok(request).replace(b"Content-Length", more + b"Content-Length")
                for more in (routes, b"Record-Route: <\r\nContact: <sip:x>\r\n", b"Contact: <sip:\r\n")]

    told, status = load(peer(hostile), "--count", "5", "--window", "1", "--users", "2", "--timeout", "0.5", "--scenario", "call")
    assert status == 1 and (told["completed"], told["failed"] + told["lost"]) == (0, 5), told


# --- rate, time, show ------------------------------------------------------------------------------------------------


def test_the_open_loop_offers_what_it_was_told(tchind):
    server = tchind(options=["--no-auth"], traces=False)
    told, status = load(server, "--rate", "300", "--duration", "1.5", "--warmup", "0.5")
    assert status == 0 and told["offered_per_s"] == 300, told
    assert 0.85 * 450 < told["begun"] < 1.15 * 450 and 1.4 < told["seconds"] < 2.5, told


def test_what_does_not_fit_into_the_window_is_skipped(peer):
    silent = peer(lambda request: [])
    told, status = load(silent, "--rate", "1000", "--window", "5", "--duration", "0.3", "--timeout", "1")
    assert status == 1 and told["begun"] == 5 and told["skipped"] > 100, told


def test_calls_last_as_long_as_told(tchind):
    server = tchind(options=["--no-auth"], traces=False)
    told, status = load(server, "--scenario", "call", "--count", "10", "--hold", "0.6", "--users", "5")
    assert status == 0 and told["latency_us"]["p50"] > 590000 > told["setup_us"]["p50"], told


def test_the_servers_cpu_time_is_read(tchind):
    server = tchind(options=["--no-auth"], traces=False)
    told, status = load(server, *FEW, "--pid", str(server.process.pid))
    assert status == 0 and told["server_cpu"]["us_each"] >= 0, told
    together = told["server_cpu"]["user_us_each"] + told["server_cpu"]["system_us_each"]
    assert abs(together - told["server_cpu"]["us_each"]) < 0.01, told
    for wrong in (["--cgroup", "/nowhere"], ["--pid", "2147483646"]):
        done = tchin("load", uri(server), *FEW, *wrong)
        assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("tchin: "), done


def test_people_see_a_summary_and_a_line_that_lives(tchind):
    server = tchind(options=["--no-auth"], traces=False)
    done = tchin("load", uri(server), *FEW)
    lines = done.stdout.splitlines()
    assert re.match(r"options: 200 completed in [\d.e-]+ s \(\d+/s\), 0 failed, 0 lost$", lines[0]), done.stdout
    assert re.match(r"latency in ms: p50 [\d.]+, p90 [\d.]+, p99 [\d.]+, p999 [\d.]+, max [\d.]+$", lines[1])
    assert done.stderr == "" and "\x1b" not in done.stdout
    shown = on_a_terminal("load", uri(server), "--rate", "50", "--duration", "2.5")
    assert re.search(r"options: \d+/s, p50 [\d.]+ ms, p99 [\d.]+ ms, 0 failed, 0 lost", shown), shown
    assert "\x1b[32moptions:" in shown


def test_an_interrupt_ends_it_with_what_there_is(tchind):
    server = tchind(options=["--no-auth"], traces=False)
    running = subprocess.Popen([BIN / "tchin", "load", uri(server), "--rate", "100", "--duration", "60", "--json"],
                               stdout=subprocess.PIPE, text=True, env=os.environ)
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    told = json.loads(running.communicate(timeout=20)[0])
    assert running.returncode == 1 and 20 < told["completed"] < 1000, told


@pytest.mark.parametrize("arguments, said", [
    (["--scenario", "dance"], "--scenario is options, register, message or call"),
    (["--window", "0"], "--window is a whole number from 1 to"), (["--rate", "-1"], "--rate is a number from"),
    (["--users", "1.5"], "--users is a whole number"), (["--transport", "sctp"], "--transport is udp or tcp"),
    (["--count", "5", "--duration", "1"], "--count and --duration do not go together"),
    (["--users-file", "x", "--users", "1"], "--users-file and --users do not go together"),
    (["--cgroup", "x", "--pid", "1"], "--cgroup and --pid do not go together"),
    (["--hold", "1"], "--hold is for --scenario call"),
    (["--scenario", "register", "--users", "5", "--window", "6"], "5 users are too few for a window of 6")])
def test_what_makes_no_sense_is_refused(arguments, said):
    done = tchin("load", "sip:127.0.0.1:9", *arguments)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done
    assert done.stderr.startswith(f"tchin: {said}"), done.stderr


def test_a_wrong_line_of_the_users_file_is_named(tmp_path):
    users = tmp_path / "users.csv"
    for text, said in (("a@b.c,x\nnobody\n", f"{users}:2: write AOR,password"), ("# none\n", "there are no users in"),
                       ("a@b.c,x\nb@c.d,y\n", f"{users}:2: write AOR,password, each of one domain")):
        users.write_text(text)
        done = tchin("load", "sip:127.0.0.1:9", "--users-file", users)
        assert done.returncode == 1 and done.stderr.startswith(f"tchin: {said}"), done
