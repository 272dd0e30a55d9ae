"""
The tool, with and without a running server, and what the server says of what it cannot use.
"""

import json
import os
import pty
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from servers import BIN, ROOT, Stopwatch, own_address

PASSWORD = re.compile(r"^[a-z2-9]{5}(-[a-z2-9]{5}){3}$")
USED_WRONGLY = 2


def tchin(*arguments, stdin="", env=None, cwd=None):
    return subprocess.run([BIN / "tchin", *arguments], input=stdin, capture_output=True, text=True, timeout=60,
                          cwd=cwd, env={**os.environ, **(env or {})})


def tchind_once(*arguments, env=None):
    """A tchind that is expected to say something and end."""
    return subprocess.run([BIN / "tchind", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, env={**os.environ, **(env or {})})


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture(params=["running", "stopped"])
def data(request, tchind, tmp_path):
    """A data folder, with a server at work on it or without."""
    if request.param == "running":
        return tchind().data
    folder = tmp_path / "data"
    assert tchin("user", "add", "x@example.org", "--data", folder).returncode == 0
    assert tchin("user", "remove", "x@example.org", "--data", folder).returncode == 0
    return folder


# --- users -----------------------------------------------------------------------------------------------------------


def test_users_come_and_go(data):
    def user(*arguments):
        return tchin("user", *arguments, "--data", data)

    added = user("add", "alice@example.org")
    assert added.returncode == 0 and PASSWORD.match(added.stdout), added
    assert added.stderr == "alice@example.org added; the password is\n"
    again = user("add", "sip:alice@EXAMPLE.org")
    assert again.returncode == 1 and again.stdout == ""
    assert again.stderr == "tchin: alice@example.org: it exists already\n"
    assert user("alias", "add", "info@example.org", "alice@example.org").returncode == 0
    assert user("alias", "add", "info@example.org", "alice@example.org").returncode == 1
    assert json_lines(user("list", "--json").stdout) == [
        {"aor": "alice@example.org"}, {"aor": "info@example.org", "alias_of": "alice@example.org"}]
    assert user("list").stdout == "alice@example.org\ninfo@example.org   alice@example.org\n"
    changed = json_lines(user("passwd", "alice@example.org", "--json").stdout)[0]
    assert changed["aor"] == "alice@example.org" and PASSWORD.match(changed["password"])
    assert changed["password"] != added.stdout.strip()
    assert user("passwd", "bob@example.org").returncode == 1
    assert user("remove", "alice@example.org").returncode == 0
    assert user("list").stdout == ""
    assert user("remove", "alice@example.org").returncode == 1


def test_passwords_come_from_files(server):
    """What the file says is what the phone logs in with; blanks within belong to it."""
    for source, stdin, password in (("file", "", " a b,\"c "), ("-", "d e\nmore\n", "d e")):
        path = server.folder / "file"
        path.write_text(" a b,\"c \r\nmore\n")
        name = path if source == "file" else "-"
        done = tchin("user", "passwd", "alice@example.org", "--password-file", name, "--data", server.data, stdin=stdin)
        assert done.returncode == 0 and done.stdout == "", done
        assert server.peer("alice", password=password).register().status == 200
        assert server.peer("alice", password="wonderland").register().status == 401


def test_many_users_are_imported_all_or_none(data, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("# ours\n\nalice@example.org,a,b\r\nsip:bob@example.org,c\ncarol@example.org, d\n")
    done = tchin("user", "import", users, "--data", data)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "3 users imported\n")
    assert len(tchin("user", "list", "--data", data).stdout.splitlines()) == 3

    users.write_text("dave@example.org,x\nnobody\n,y\nerin@example.org,\n")
    done = tchin("user", "import", users, "--data", data)
    assert done.returncode == 1
    assert [line.split(": ")[1] for line in done.stderr.splitlines()[:3]] == [f"{users}:{n}" for n in (2, 3, 4)]
    assert done.stderr.splitlines()[3] == f"tchin: 3 lines of {users} are wrong: nothing was changed"
    assert len(tchin("user", "list", "--data", data).stdout.splitlines()) == 3

    done = tchin("user", "import", "-", "--data", data, stdin="dave@example.org,x\n")
    assert done.stderr == "1 users imported\n"


def test_imported_users_log_in(server, tmp_path):
    done = tchin("user", "import", "-", "--data", server.data, stdin="dave@example.org,p,q\nalice@example.org,new\n")
    assert done.returncode == 0, done
    assert server.peer("dave", password="p,q").register().status == 200
    assert server.peer("alice", password="new").register().status == 200
    assert server.peer("bob", password="builder").register().status == 200


def test_a_hundred_thousand_users_take_seconds(data, tchind, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("".join(f"user{n}@example.org,secret{n}\n" for n in range(120000)))
    importing = subprocess.Popen([BIN / "tchin", "user", "import", users, "--data", data], stderr=subprocess.DEVNULL)
    watch = Stopwatch([importing.pid, *(server.process.pid for server in tchind.servers)])
    while importing.poll() is None:
        assert watch.seconds() < 30  # 2 s; sanitizers take their time
        time.sleep(0.05)
    assert importing.returncode == 0
    assert len(tchin("user", "list", "--json", "--data", data).stdout.splitlines()) == 120000


def test_a_removed_user_is_gone_with_all_bindings(server):
    server.registered("alice")
    assert tchin("user", "remove", "alice@example.org", "--data", server.data).returncode == 0
    assert server.peer("alice", password="wonderland").register().status == 401
    assert tchin("location", "list", "--data", server.data).stdout == ""


# --- locations -------------------------------------------------------------------------------------------------------


def check_locations(server, contact):
    listed = json_lines(tchin("location", "list", "--json", "--data", server.data).stdout)
    assert [entry["aor"] for entry in listed] == ["alice@example.org"]
    assert listed[0]["contact"] == contact and 3500 < listed[0]["expires_s"] <= 3600 and listed[0]["q"] == 1.0
    line = tchin("location", "show", "alice@example.org", "--data", server.data).stdout
    assert re.match(rf"alice@example\.org  {re.escape(contact)}  3\d\d\d s", line), line
    alone = tchin("location", "show", "bob@example.org", "--data", server.data)
    assert (alone.returncode, alone.stdout, alone.stderr) == (1, "", "tchin: bob@example.org is not registered\n")


def test_locations_are_shown_and_removed(server):
    alice = server.registered("alice")
    check_locations(server, alice.contact_uri)
    assert tchin("user", "alias", "add", "info@example.org", "alice@example.org", "--data", server.data).returncode == 0
    assert "alice@example.org" in tchin("location", "show", "info@example.org", "--data", server.data).stdout
    assert tchin("location", "remove", "alice@example.org", "--data", server.data).returncode == 0
    assert tchin("location", "list", "--data", server.data).stdout == ""
    assert tchin("location", "remove", "alice@example.org", "--data", server.data).returncode == 1
    assert alice.register().status == 200


def test_locations_outlive_the_server(server):
    alice = server.registered("alice")
    server.stop()
    check_locations(server, alice.contact_uri)
    assert tchin("location", "remove", "alice@example.org", "--data", server.data).returncode == 0
    assert tchin("location", "list", "--data", server.data).stdout == ""


def test_what_a_phone_says_cannot_steer_the_terminal(server):
    headers = [("User-Agent", "\x1b[31mphone\xff\x07")]
    assert server.peer("alice").register(headers=headers).status == 200
    shown = tchin("location", "list", "--data", server.data).stdout
    assert "?[31mphone??" in shown and "\x1b" not in shown, shown
    assert json_lines(tchin("location", "list", "--json", "--data", server.data).stdout)


# --- ping ------------------------------------------------------------------------------------------------------------


def uri(server, parameters=""):
    return f"sip:{server.host}:{server.port}{parameters}"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ping_is_answered(server, transport):
    done = tchin("ping", uri(server, f";transport={transport}"))
    assert done.returncode == 0 and done.stderr == "", done
    place = re.escape(f"{transport}:{server.host}:{server.port}")
    assert re.match(rf"200 OK {place} in \d+\.\d\d ms( \(.*\))?\n$", done.stdout), done.stdout


def test_several_pings_are_summed_up(server):
    done = tchin("ping", uri(server), "--count", "3", "--interval", "0.01")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 4
    last = done.stdout.splitlines()[3]
    assert re.match(r"3 sent, 3 answered, 0% lost; round trip min/avg/max [\d.]+/[\d.]+/[\d.]+ ms$", last), last
    *answers, total = json_lines(tchin("ping", uri(server), "--count", "2", "--interval", "0", "--json").stdout)
    assert [(a["number"], a["status"], a["reason"]) for a in answers] == [(1, 200, "OK"), (2, 200, "OK")]
    assert (total["sent"], total["answered"], total["loss_percent"]) == (2, 2, 0.0)
    assert total["rtt_min_ms"] <= total["rtt_avg_ms"] <= total["rtt_max_ms"]


def test_ping_of_nobody_is_said_at_once(tmp_path):
    nobody = f"sip:{own_address()}:5060"
    start = time.monotonic()
    for transport in ("udp", "tcp"):
        done = tchin("ping", f"{nobody};transport={transport}")
        assert done.returncode == 1 and done.stdout.startswith("cannot be reached "), done
    assert json_lines(tchin("ping", nobody, "--json").stdout)[0]["error"] == "unreachable"
    assert time.monotonic() - start < 4


def test_ping_of_the_silent_takes_as_long_as_told():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{deaf.getsockname()[1]}"
        start = time.monotonic()
        done = tchin("ping", f"sip:{place}", "--timeout", "0.7")
        assert 0.6 < time.monotonic() - start < 3
        assert (done.returncode, done.stdout) == (1, f"no answer udp:{place} within 0.7 s\n")


def test_ping_for_nagios(server):
    up = tchin("ping", uri(server), "--nagios")
    assert up.returncode == 0
    assert re.match(r"SIP OK - udp:\S+ answered 1 of 1, worst status 200, round trip [\d.]+ ms"
                    r" \| rta=[\d.]+ms;;;0 pl=0%;;;0;100\n$", up.stdout), up.stdout
    down = tchin("ping", f"sip:{own_address()}", "--nagios")
    assert down.returncode == 2
    assert re.match(r"SIP CRITICAL - udp:\S+ answered 0 of 1 \| pl=100%;;;0;100\n$", down.stdout), down.stdout
    for wrong in (["sip:nobody.invalid"], ["sips:192.0.2.1"]):
        unknown = tchin("ping", *wrong, "--nagios")
        assert unknown.returncode == 3 and unknown.stdout.startswith("SIP UNKNOWN - ")
    assert tchin("ping", "--nagios").returncode == 3


# --- manners ---------------------------------------------------------------------------------------------------------

COMMANDS = ["user", "user add", "user passwd", "user remove", "user list", "user import", "user alias",
            "user alias add", "user alias remove", "location", "location list", "location show", "location remove",
            "ping", "load"]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command):
    done = tchin(*command.split(), "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"Usage: {' '.join(['tchin', *command.split()])} "), done.stdout


@pytest.mark.parametrize("command", [
    "", "frobnicate", "user", "user frobnicate", "user add", "user add alice", "user add a@b c@d",
    "user add a@b --frobnicate", "user add a@b --data", "user list a@b", "user list --json=yes", "user alias",
    "user alias add a@b", "location show", "location show example.org", "ping", "ping :", "ping mailto:a@b.c",
    "ping sip:192.0.2.1 --count 0", "ping sip:192.0.2.1 --count many", "ping sip:192.0.2.1 --timeout nan",
    "ping sips:192.0.2.1", "ping sip:192.0.2.1;transport=sctp", "ping sip:192.0.2.1 --from :", "load", "load :",
    "load sips:192.0.2.1", "load sip:192.0.2.1 --rate many", "load sip:192.0.2.1 --port 65535"])
def test_wrong_use_is_one_line_that_says_so(command, tmp_path):
    done = tchin(*command.split(), cwd=tmp_path)
    assert done.returncode == USED_WRONGLY and done.stdout == "", done
    assert done.stderr.startswith("tchin: ") and done.stderr.count("\n") == 1, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["user list", "user remove a@b", "user passwd a@b", "location list",
                                     "location show a@b", "location remove a@b"])
def test_no_database_is_made_by_looking_for_one(command, tmp_path):
    done = tchin(*command.split(), "--data", tmp_path / "none")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"tchin: there is no database in {tmp_path}/none: name its folder with --data\n"
    assert list(tmp_path.iterdir()) == []


def on_a_terminal(*arguments, **env):
    """What a command prints when a person looks."""
    ours, theirs = pty.openpty()
    subprocess.run([BIN / "tchin", *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, timeout=60,
                   env={**os.environ, **env})
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return shown.decode()


def test_colours_are_for_terminals_that_want_them(server):
    assert "\x1b[1m" in on_a_terminal("user", "list", "--data", server.data)
    plain = on_a_terminal("user", "list", "--data", server.data, NO_COLOR="1")
    assert plain.startswith("USER") and "\x1b" not in plain, plain
    assert "\x1b[32m200 OK\x1b[0m" in on_a_terminal("ping", uri(server))
    assert "\x1b" not in on_a_terminal("ping", uri(server), NO_COLOR="1")
    assert "\x1b" not in tchin("ping", uri(server)).stdout


# --- what the server cannot use --------------------------------------------------------------------------------------


def test_two_servers_do_not_share_a_folder(server):
    done = tchind_once("example.org", "--data", server.data, "--listen", f"udp:{own_address()}:5060")
    assert done.returncode == USED_WRONGLY
    assert done.stderr == f"tchind: another tchind (pid {server.process.pid}) uses {server.data}\n"
    assert server.peer("alice").register().status == 200


def test_the_tool_waits_for_another_and_says_who_has_the_lock(tmp_path):
    data = tmp_path / "data"
    assert tchin("user", "add", "a@example.org", "--data", data).returncode == 0
    done = []
    threads = [threading.Thread(target=lambda n=n: done.append(
        tchin("user", "add", f"u{n}@example.org", "--data", data).returncode)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [0] * 8
    assert len(tchin("user", "list", "--data", data).stdout.splitlines()) == 9


def test_a_killed_server_leaves_nothing_in_the_way(tchind):
    server = tchind()
    server.kill()
    assert (server.data / "control").exists()
    assert tchin("user", "add", "alice@example.org", "--data", server.data).returncode == 0
    server.start()
    assert tchin("user", "list", "--data", server.data).stdout == "alice@example.org\n"


@pytest.mark.parametrize("text, said", [
    ("max_bindigs = 3", 'unknown key "max_bindigs"; did you mean "max_bindings"?'),
    ("workers = many", 'workers cannot be "many"; write a number from 1 to 64'),
    ("domain {", "missing title for section 'domain'"),
    ("listen = { here }", '"here" is no listener; write udp:, tcp:, tls:, ws:, wss: or http:ADDRESS:PORT, such as '
                          'udp:0.0.0.0:5060 or tls:[::]:5061')])
def test_a_broken_configuration_is_named_by_its_line(tmp_path, text, said):
    config = tmp_path / "tchin.conf"
    config.write_text(f"# first\n\n{text}\n")
    for arguments in (["check"], ["example.org", "--data", tmp_path / "data"]):
        done = tchind_once(*arguments, "--config", config)
        assert (done.returncode, done.stdout, done.stderr) == (USED_WRONGLY, "", f"tchind: {config}:3: {said}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["tchin.conf"]


def test_a_good_configuration_is_silent_and_prints_itself(tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text('domain "example.org" { digest = both }  # both\nlisten = { "udp:127.0.0.1:5070" }\n'
                      'data = "${TCHIN_TEST_DATA}/x"\n')
    env = {"TCHIN_TEST_DATA": "/srv"}
    quiet = tchind_once("check", "--config", config, env=env)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    first = tchind_once("check", "--config", config, "--print", env=env).stdout
    assert 'data = "/srv/x"' in first and 'listen = {"udp:127.0.0.1:5070"}' in first
    config.write_text(first)
    assert tchind_once("check", "--config", config, "--print").stdout == first


def test_the_configuration_is_what_the_server_does(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text('domain "example.org" { max_bindings = 1 }\nmin_expires = 2m\nlog = json\n')
    server = tchind(users={"alice": "wonderland"}, options=["--config", str(config)])
    brief = server.peer("alice").register(expires=60)
    assert brief.status == 423 and brief.get("Min-Expires") == "120"
    first, second = server.peer("alice"), server.peer("alice")
    assert first.register().status == 200
    assert second.register().status not in (200, 401)
    server.wait_log(r"^\{")
    assert all(json.loads(line) for line in server.log if line.startswith("{"))


@pytest.mark.parametrize("arguments, said", [
    (["--wrokers", "3"], "unknown flag --wrokers; did you mean --workers? See tchind --help"),
    (["--listen", "udp:here"], '"udp:here" is no listener'), (["a b"], '"a b" is no domain name'),
    (["--digest", "md4"], 'digest cannot be "md4"; write md5, both or sha256'),
    (["check", "more"], 'check takes no "more"')])
def test_a_wrong_command_line_is_one_line(arguments, said, tmp_path):
    done = tchind_once(*arguments)
    assert done.returncode == USED_WRONGLY and done.stdout == ""
    assert done.stderr.startswith(f"tchind: {said}") and done.stderr.count("\n") == 1, done.stderr


def test_an_address_in_use_is_named(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = tchind_once("example.org", "--data", tmp_path / "data", "--listen", f"udp:{place}")
        assert done.returncode == USED_WRONGLY
        assert place in done.stderr and done.stderr.count("\n") == 1, done.stderr


def breaks_magic(path):
    path.write_bytes(b"this is no database " * 400)


def breaks_pages(path):
    octets = bytearray(path.read_bytes())
    octets[100:] = os.urandom(len(octets) - 100)
    path.write_bytes(octets)


def becomes_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [breaks_magic, breaks_pages, becomes_folder])
def test_a_broken_database_is_named_and_not_touched(tmp_path, damage):
    data = tmp_path / "data"
    assert tchin("user", "add", "alice@example.org", "--data", data).returncode == 0
    damage(data / "tchin.db")
    (data / "lock").unlink()
    before = contents(data)
    commands = [("tchind", lambda: tchind_once("example.org", "--data", data, "--listen", f"udp:{own_address()}:5060"),
                 USED_WRONGLY),
                ("tchin", lambda: tchin("user", "list", "--data", data), 1)]
    for name, run, status in commands:
        done = run()
        assert done.returncode == status and done.stdout == "", done
        assert done.stderr.startswith(f"{name}: ") and "tchin.db" in done.stderr and done.stderr.count("\n") == 1, done
        after = contents(data)
        after.pop("lock", None)
        assert after == before


def test_data_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for done, status in ((tchind_once("example.org", "--data", tmp_path / "file" / "data"), USED_WRONGLY),
                         (tchin("user", "add", "a@example.org", "--data", tmp_path / "file" / "data"), 1)):
        assert done.returncode == status
        assert f"{tmp_path}/file/data" in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_manual_pages_are_clean():
    if shutil.which("man") is None:
        pytest.skip("no man here")
    pages = sorted((ROOT / "man").iterdir())
    assert [page.name for page in pages] == ["tchin.1", "tchin.conf.5", "tchind.8"]
    for page in pages:
        done = subprocess.run(["man", "-l", "--warnings", page], capture_output=True, text=True,
                              env={**os.environ, "MAN_KEEP_STDERR": "1"})
        assert done.returncode == 0 and done.stderr == "", done.stderr
