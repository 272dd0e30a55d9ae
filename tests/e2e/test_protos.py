"""
The PROTOS suite c07-sip: 4,527 hostile INVITEs, each with its teardown. The server need not like them;
it must be there afterwards, as ready as before, over UDP and over TCP.
"""

import re
import select
import socket
import tarfile

import pytest

from conftest import CORPORA
from sip import Channel

TEARDOWN_METHODS = (b"CANCEL", b"ACK")
AT_ONCE = 50  # then the server is asked whether it is still there


@pytest.fixture(scope="module")
def cases():
    archive = CORPORA / "fuzz" / "protos-c07-sip" / "protos-c07-sip-r2-cases.tar.xz"
    if not archive.is_file():
        pytest.skip(f"no {archive}: see TCHIN_CORPORA")
    with tarfile.open(archive) as tar:
        members = sorted((m for m in tar.getmembers() if m.isfile()), key=lambda m: m.name)
        return [(member.name, tar.extractfile(member).read()) for member in members]


def filled_in(octets, number, port, method=b"INVITE"):
    tags = {b"To": b"bob@example.org", b"From": b"alice@example.org", b"From-Address": b"127.0.0.1", b"From-IP": b"127.0.0.1",
            b"Local-Port": b"%d" % port, b"Branch-ID": b"%d" % number, b"Call-ID": b"protos-%d" % number,
            b"CSeq": b"%d" % (number + 1), b"Teardown-Method": method}
    octets = re.sub(rb"<([A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)?)>", lambda m: tags.get(m[1], m[0]), octets)
    body = octets.partition(b"\r\n\r\n")[2]
    return octets.replace(b"<Content-Length>", b"%d" % len(body))


def messages_of(cases, port):
    for number, (name, octets) in enumerate(cases):
        if name.endswith(".invite"):
            yield filled_in(octets, number, port)
        else:
            for method in TEARDOWN_METHODS:
                yield filled_in(octets, number, port, method)


def assert_it_is_there(server):
    peer = server.peer("pinger")
    peer.send(peer.request("OPTIONS", "sip:example.org"))
    assert peer.response().status == 200
    peer.close()


@pytest.fixture
def target(tchind):
    return tchind(options=["--no-auth"], traces=False)


def test_hostile_datagrams_leave_the_server_as_it_was(target, cases):
    sender, answers = target.peer("alice"), 0
    for number, octets in enumerate(messages_of(cases, sender.port)):
        if len(octets) < 65000:
            sender.send(octets)
        if number % AT_ONCE == 0:
            assert_it_is_there(target)
        while select.select([sender.socket], [], [], 0)[0]:
            answers += sender.socket.recv(65536).startswith(b"SIP/2.0 ")
    assert_it_is_there(target)
    assert answers > 1000, "it has hardly looked at them"


def test_hostile_streams_leave_the_server_as_it_was(target, cases):
    for number, octets in enumerate(messages_of(cases, 5060)):
        channel = Channel(socket.create_connection(target.address, 5))
        try:
            channel.connection.sendall(octets)
        except OSError:
            pass  # it may close as soon as it has seen enough
        channel.connection.close()
        if number % AT_ONCE == 0:
            assert_it_is_there(target)
    assert_it_is_there(target)
