"""
Real phones call each other through the server: baresip and linphonec, over UDP and over TCP. Each
sends a tone of its own; a call counts only when each has heard the other's.
"""

import pytest

from phones import Baresip, Linphone

USERS = {"alice": "wonderland", "bob": "builder"}
ALICE_HERTZ, BOB_HERTZ = 440, 1000

KINDS = [
    pytest.param(Baresip, Baresip, id="baresip-baresip"),
    pytest.param(Baresip, Linphone, id="baresip-linphone"),
    pytest.param(Linphone, Baresip, id="linphone-baresip"),
    pytest.param(Linphone, Linphone, id="linphone-linphone"),
]
TRANSPORTS = [("udp", "udp"), ("tcp", "tcp"), ("udp", "tcp")]


@pytest.fixture
def pair(tchind):
    """Starts a server with alice's and bob's phones registered at it; they are hung up at the end."""
    started = []

    def start(caller_kind, callee_kind, transports=("udp", "udp"), callee_patience_s=120):
        server = tchind(users=USERS)
        alice = server.phone(caller_kind, "alice", transports[0], ALICE_HERTZ)
        bob = server.phone(callee_kind, "bob", transports[1], BOB_HERTZ)
        started.extend([alice, bob])
        alice.start()
        bob.start(callee_patience_s)
        return server, alice.wait_registered(), bob.wait_registered()

    yield start
    for phone in started:
        phone.stop()


def ring(caller, callee):
    caller.call(callee.aor)
    callee.wait_ringing()
    caller.wait_ringback()


def talk(one, other):
    """Until each has heard the other."""
    one.wait_talking()
    other.wait_talking()
    assert one.hears(other), f"{one.aor} does not hear the tone of {other.aor}"
    assert other.hears(one), f"{other.aor} does not hear the tone of {one.aor}"


def end(by, other):
    by.hang_up()
    other.wait_over()
    by.wait_over()


@pytest.mark.parametrize("transports", TRANSPORTS, ids="-".join)
@pytest.mark.parametrize("caller_kind, callee_kind", KINDS)
def test_a_call_is_answered_heard_at_both_ends_and_hung_up_by_the_caller(pair, caller_kind, callee_kind, transports):
    _, alice, bob = pair(caller_kind, callee_kind, transports)
    ring(alice, bob)
    bob.answer()
    talk(alice, bob)
    end(alice, bob)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("caller_kind, callee_kind", KINDS)
def test_the_callee_may_hang_up_too(pair, caller_kind, callee_kind, transport):
    _, alice, bob = pair(caller_kind, callee_kind, (transport, transport))
    ring(alice, bob)
    bob.answer()
    talk(alice, bob)
    end(bob, alice)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("caller_kind, callee_kind", KINDS)
def test_a_call_given_up_stops_ringing_and_a_refused_one_ends(pair, caller_kind, callee_kind, transport):
    _, alice, bob = pair(caller_kind, callee_kind, (transport, transport))
    ring(alice, bob)
    end(alice, bob)

    ring(alice, bob)
    end_refused(bob, alice)


def end_refused(by, other):
    by.refuse()
    other.wait_over()
    by.wait_over()


@pytest.mark.parametrize("caller_kind, callee_kind", KINDS)
def test_a_call_that_nobody_answers_ends(pair, caller_kind, callee_kind):
    _, alice, bob = pair(caller_kind, callee_kind, callee_patience_s=2)
    ring(alice, bob)
    alice.wait_over()
    bob.wait_over()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_phones_of_one_user_ring_together_and_one_gets_the_call(pair, transport):
    server, alice, desk = pair(Baresip, Baresip, (transport, transport))
    mobile = server.phone(Linphone, "bob", transport, 1500, name="mobile")
    with mobile:
        mobile.wait_registered()
        alice.call(desk.aor)
        desk.wait_ringing()
        mobile.wait_ringing()
        mobile.answer()
        desk.wait_over()
        talk(alice, mobile)
        end(alice, mobile)


@pytest.mark.parametrize("kind", [Baresip, Linphone])
def test_a_phone_that_moves_from_udp_to_tcp_is_found_where_it_went(pair, kind):
    server, alice, before = pair(Baresip, kind)
    ring(alice, before)
    end(alice, before)

    before.process.kill()  # it cannot say goodbye: its old binding stays
    before.process.wait()
    after = server.phone(kind, "bob", "tcp", BOB_HERTZ, name="bob-after")
    with after:
        after.wait_registered()
        ring(alice, after)
        after.answer()
        talk(alice, after)
        end(after, alice)
