"""
What the server has acknowledged survives its death: REGISTERs come in at 1,000 a second, the server
is killed at some moment, and after a restart every binding that got its 200 is there.
"""

import random
import select
import time

import pytest

RATE = 1000


class Flood:
    """REGISTERs for one new user after the other, and which of them were acknowledged."""

    def __init__(self, peer):
        self.peer = peer
        self.sent = 0
        self.acknowledged = set()

    def register(self, number):
        aor = f"sip:user{number}@{self.peer.domain}"
        request = self.peer.request("REGISTER", f"sip:{self.peer.domain}", to=f"<{aor}>", cseq=number + 1, contact="",
                                    call_id=f"flood-{number}", headers=[("Contact", contact_of(number)), ("Expires", "3600")])
        request.set("From", f"<{aor}>;tag=f{number}")
        try:
            self.peer.send(request)
        except OSError:
            pass  # the server has just been killed

    def run(self, seconds):
        began = time.monotonic()
        while (now := time.monotonic() - began) < seconds:
            while self.sent < now * RATE:
                self.register(self.sent)
                self.sent += 1
            self.read(0.001)

    def read(self, seconds):
        while select.select([self.peer.socket], [], [], seconds)[0]:
            try:
                octets = self.peer.socket.recv(65536)
            except OSError:
                continue
            if octets.startswith(b"SIP/2.0 200"):
                call_id = octets.partition(b"flood-")[2]
                self.acknowledged.add(int(call_id[: call_id.index(b"\r")]))
            seconds = 0


def contact_of(number):
    return f"<sip:user{number}@192.0.2.1:{5000 + number % 1000}>"


def is_there(peer, number):
    aor = f"sip:user{number}@{peer.domain}"
    request = peer.request("REGISTER", f"sip:{peer.domain}", to=f"<{aor}>", contact="")
    peer.send(request.set("From", f"<{aor}>;tag=q{number}"))
    response = peer.response()
    return response.status == 200 and any(contact_of(number) in value for value in response.values("Contact"))


def kill_and_look(server, seconds):
    flood = Flood(server.peer("flood"))
    flood.run(seconds)
    server.kill()
    flood.read(0.2)
    assert len(flood.acknowledged) > seconds * RATE / 4, f"only {len(flood.acknowledged)} of {flood.sent} acknowledged"

    server.start()
    reader = server.peer("reader")
    lost = sorted(number for number in flood.acknowledged if not is_there(reader, number))
    assert lost == [], f"{len(lost)} of {len(flood.acknowledged)} acknowledged bindings are gone: {lost[:10]}"


def test_every_acknowledged_binding_survives_a_kill(tchind):
    kill_and_look(tchind(options=["--no-auth"], traces=False), random.uniform(0.8, 2.0))


@pytest.mark.long
@pytest.mark.parametrize("_", range(10))
def test_and_so_it_does_ten_times(tchind, _):
    kill_and_look(tchind(options=["--no-auth"], traces=False), random.uniform(0.2, 6.0))
