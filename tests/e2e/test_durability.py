"""
What the server has acknowledged survives its death: REGISTERs come in at 1,000 a second, the server
is killed at some moment, and after a restart every binding that got its 200 is there. Relaxed, every
one that got it more than a second before.
"""

import random
import select
import time

import pytest

RATE = 1000


class Flood:
    """REGISTERs for one new user after the other, and when each was acknowledged."""

    def __init__(self, peer):
        self.peer = peer
        self.sent = 0
        self.acknowledged = {}

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
                self.acknowledged[int(call_id[: call_id.index(b"\r")])] = time.monotonic()
            seconds = 0


def contact_of(number):
    return f"<sip:user{number}@192.0.2.1:{5000 + number % 1000}>"


def is_there(peer, number):
    aor = f"sip:user{number}@{peer.domain}"
    request = peer.request("REGISTER", f"sip:{peer.domain}", to=f"<{aor}>", contact="")
    peer.send(request.set("From", f"<{aor}>;tag=q{number}"))
    response = peer.response()
    return response.status == 200 and any(contact_of(number) in value for value in response.values("Contact"))


def kill_and_look(server, seconds, may_lose_s=0):
    flood = Flood(server.peer("flood"))
    flood.run(seconds)
    killed = time.monotonic()
    server.kill()
    flood.read(0.2)
    assert len(flood.acknowledged) > seconds * RATE / 4, f"only {len(flood.acknowledged)} of {flood.sent} acknowledged"

    server.start()
    reader = server.peer("reader")
    kept = [number for number, when in flood.acknowledged.items() if may_lose_s == 0 or when < killed - may_lose_s]
    lost = sorted(number for number in kept if not is_there(reader, number))
    assert lost == [], f"{len(lost)} of {len(kept)} acknowledged bindings are gone: {lost[:10]}"
    assert len(kept) > RATE / 10


def test_every_acknowledged_binding_survives_a_kill(tchind):
    kill_and_look(tchind(options=["--no-auth"], traces=False), random.uniform(0.8, 2.0))


def test_relaxed_no_more_than_a_moment_is_lost(tchind):
    server = tchind(options=["--no-auth", "--durability", "relaxed"], traces=False)
    kill_and_look(server, random.uniform(2.0, 3.0), may_lose_s=1)


def test_relaxed_nothing_is_lost_when_it_is_stopped(tchind):
    server = tchind(options=["--no-auth", "--durability", "relaxed"], traces=False)
    flood = Flood(server.peer("flood"))
    flood.run(0.5)
    flood.read(0.2)
    server.stop()

    server.start()
    reader = server.peer("reader")
    assert [number for number in flood.acknowledged if not is_there(reader, number)] == []
    assert len(flood.acknowledged) > RATE / 10


@pytest.mark.long
@pytest.mark.parametrize("_", range(10))
def test_and_so_it_does_ten_times(tchind, _):
    kill_and_look(tchind(options=["--no-auth"], traces=False), random.uniform(0.2, 6.0))
