"""
tchind dns: what it prints is pasted into a real zone, and then it says that all is there, and
others find the server by it.
"""

import json
import shlex
import subprocess

import pytest

from names import NameServer, own_etc, own_network, zone
from servers import TCHIND

LISTEN = ["--listen", "udp:127.0.2.1:5070", "--listen", "tcp:127.0.2.1:5080", "--listen", "udp:[::1]:5070"]
LINES = [
    'away.example. 3600 IN NAPTR 20 10 "s" "SIP+D2T" "" _sip._tcp.away.example.',
    'away.example. 3600 IN NAPTR 20 20 "s" "SIP+D2U" "" _sip._udp.away.example.',
    "_sip._tcp.away.example. 3600 IN SRV 0 0 5080 sip.away.example.",
    "_sip._udp.away.example. 3600 IN SRV 0 0 5070 sip.away.example.",
    "sip.away.example. 3600 IN A 127.0.2.1",
    "sip.away.example. 3600 IN AAAA ::1",
]


@pytest.fixture(scope="module")
def network():
    with own_network():
        yield


@pytest.fixture
def wrap(tmp_path):
    return own_etc(tmp_path)


@pytest.fixture
def name_server(network, tmp_path):
    started = []

    def start(records):
        started.append(NameServer(tmp_path / "nsd", {"example": zone("example", records)}).start())

    yield start
    for server in started:
        server.stop()


def dns(wrap, *arguments):
    return subprocess.run([*shlex.split(wrap), TCHIND, "dns", *arguments], capture_output=True, text=True, timeout=20)


def test_what_it_prints_can_be_pasted_and_is_then_published(wrap, name_server):
    name_server("")
    before = dns(wrap, "away.example", *LISTEN)
    assert before.returncode == 1 and before.stderr == ""
    assert before.stdout.splitlines() == [f"{line} ; missing" for line in LINES]


def test_what_is_published_leads_to_the_server(wrap, name_server, tchind):
    printed = dns(wrap, "away.example", *LISTEN).stdout  # nobody answers yet: "unknown"
    name_server(printed)
    after = dns(wrap, "away.example", *LISTEN)
    assert (after.returncode, after.stderr) == (0, "")
    assert after.stdout.splitlines() == [f"{line} ; published" for line in LINES]
    tchind(options=["--no-auth", *LISTEN], domains=("away.example",), listen=("udp:127.0.2.9:5060",), wrap=wrap)
    near = tchind(options=["--no-auth"], wrap=wrap)
    alice = near.peer("alice")
    alice.send(alice.request("MESSAGE", "sip:nobody@away.example"))
    alice.expect(404)


def test_what_is_published_of_the_same_meaning_is_good_and_what_leads_elsewhere_is_not(wrap, name_server):
    name_server("""
AWAY NAPTR 1 7 "S" "sip+d2t" "" _sip._tcp.away
away NAPTR 2 7 "s" "SIP+D2U" "" _sip._udp.away
_sip._tcp.away SRV 4 9 5080 SIP.away
_sip._udp.away SRV 0 0 5071 sip.away
_sips._tcp.away SRV 0 0 5061 sip.away
sip.away A 127.0.2.1
sip.away AAAA ::2
""")
    done = dns(wrap, "away.example", "--json", *LISTEN)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1 and done.stderr == ""
    assert {row["domain"] for row in rows} == {"away.example"}
    assert [row["status"] for row in rows if row["record"] in LINES] == [
        "published", "published", "published", "missing", "published", "missing"]
    assert sorted(row["record"] for row in rows if row["status"] == "unexpected") == [
        "_sip._udp.away.example. 0 IN SRV 0 0 5071 sip.away.example.",
        "_sips._tcp.away.example. 0 IN SRV 0 0 5061 sip.away.example.",
        "sip.away.example. 0 IN AAAA ::2"]
    for people in dns(wrap, "away.example", *LISTEN).stdout.splitlines():
        assert people.startswith("; ") == people.endswith("; published, but this server is not there")


def test_a_host_may_be_named(wrap, name_server):
    name_server('away A 127.0.2.1\n_sip._udp.away SRV 0 0 5070 away\naway NAPTR 1 1 "s" "SIP+D2U" "" _sip._udp.away\n')
    done = dns(wrap, "away.example", "--host", "away.example.", "--listen", "udp:127.0.2.1:5070")
    assert done.returncode == 0, done.stdout


def test_when_dns_does_not_answer_the_lines_are_there_all_the_same(wrap, network):
    done = dns(wrap, "away.example", *LISTEN)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [f"{line} ; unknown" for line in LINES]
    assert "DNS does not answer all that it was asked about away.example" in done.stderr


def test_hostile_records_do_no_harm_to_a_terminal(wrap, name_server):
    name_server(r'away NAPTR 1 1 "s\027[31m" "SIP+D2U\"" "a\010b" .' + "\n")
    done = dns(wrap, "away.example", *LISTEN)
    assert '; away.example. 0 IN NAPTR 1 1 "s?[31m" "SIP+D2U?" "a?b" . ;' in done.stdout


@pytest.mark.parametrize("arguments, complaint", [
    ((), "of which domain? Write tchind dns example.org"),
    (("a b",), '"a b" is no domain name'),
    (("away.example", "--host", "127.0.0.1"), '"127.0.0.1" is no name of a host'),
    (("away.example", "--host", "a b"), '"a b" is no name of a host'),
    (("away.example", "--hots", "x"), "did you mean --host?"),
    (("away.example", "--workers", "3"), "unknown flag --workers"),
])
def test_what_is_written_wrongly_is_said(wrap, network, arguments, complaint):
    done = dns(wrap, *arguments)
    assert done.returncode == 2 and complaint in done.stderr and done.stdout == ""


def test_with_a_certificate_tls_is_published_first(wrap, name_server, tmp_path):
    folder = tmp_path / "data" / "tls" / "away.example"
    folder.mkdir(parents=True)
    (folder / "cert.pem").touch()
    (folder / "key.pem").touch()
    name_server("")
    done = dns(wrap, "away.example", "--data", tmp_path / "data")
    assert done.stdout.splitlines() == [f"{line} ; missing" for line in (
        'away.example. 3600 IN NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.away.example.',
        'away.example. 3600 IN NAPTR 20 20 "s" "SIP+D2T" "" _sip._tcp.away.example.',
        'away.example. 3600 IN NAPTR 20 30 "s" "SIP+D2U" "" _sip._udp.away.example.',
        "_sips._tcp.away.example. 3600 IN SRV 0 0 5061 sip.away.example.",
        "_sip._tcp.away.example. 3600 IN SRV 0 0 5060 sip.away.example.",
        "_sip._udp.away.example. 3600 IN SRV 0 0 5060 sip.away.example.")]
    assert "this machine has no address that others could reach" in done.stderr  # in a network of nothing but lo


def test_what_serves_pages_alone_is_not_published(wrap, network):
    listen = [word for uri in ("ws:127.0.2.1:8080", "http:127.0.2.2:80", "wss:127.0.2.1") for word in ("--listen", uri)]
    done = dns(wrap, "away.example", *listen)
    assert [line.partition(" ;")[0] for line in done.stdout.splitlines()] == [
        'away.example. 3600 IN NAPTR 10 10 "s" "SIPS+D2W" "" _sips._ws.away.example.',
        'away.example. 3600 IN NAPTR 20 20 "s" "SIP+D2W" "" _sip._ws.away.example.',
        "_sips._ws.away.example. 3600 IN SRV 0 0 443 sip.away.example.",
        "_sip._ws.away.example. 3600 IN SRV 0 0 8080 sip.away.example.",
        "sip.away.example. 3600 IN A 127.0.2.1"]
