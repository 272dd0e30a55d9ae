"""CANCEL through the proxy: RFC 3261 9 and 16.10, and the Reason that goes with it, RFC 3326."""

import pytest

from bells import all_ring, answer, bells, refuse, stop_ringing
from sip import Dialog, finish

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


@pytest.fixture
def lab(tchind):
    return tchind(options=["--no-auth"])


@pytest.fixture
def alice(lab):
    return lab.peer("alice")


def with_reasons(cancel, *reasons):
    cancel.headers += [("Reason", reason) for reason in reasons]
    return cancel


def make_cancel(alice, invite, *reasons):
    """A CANCEL, not yet sent."""
    sent, alice.send = alice.send, lambda message: message
    try:
        return with_reasons(alice.cancel(invite), *reasons)
    finally:
        alice.send = sent


def test_a_ringing_phone_is_cancelled_and_the_caller_gets_487(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 180)
    alice.expect(180)
    alice.cancel(invite)
    ok = alice.expect(200)
    assert ok.get("CSeq") == f"{invite.cseq} CANCEL"
    cancel = stop_ringing(bob, at_bob)
    alice.ack(invite, alice.expect(487))

    assert (cancel.uri, cancel.cseq) == (at_bob.uri, at_bob.cseq)
    assert cancel.lines("Via") == at_bob.lines("Via")[:1], "one Via, that of the INVITE"
    for name in ("From", "To", "Call-ID"):
        assert cancel.get(name) == at_bob.get(name)
    assert cancel.get("Require") is cancel.get("Proxy-Require") is None


def test_a_cancel_follows_the_route_of_its_invite(lab, alice):
    bob = lab.peer("bob")
    edge = lab.peer("edge")
    assert bob.register(headers=[("Path", f"<sip:{edge.host}:{edge.port};lr>")]).status == 200
    invite = alice.invite(bob.aor)
    at_edge = edge.expect("INVITE")
    assert at_edge.uri == bob.contact_uri and at_edge.values("Route") == [f"<sip:{edge.host}:{edge.port};lr>"]
    edge.respond(at_edge, 180)
    alice.expect(180)
    alice.cancel(invite)
    alice.expect(200)
    cancel = stop_ringing(edge, at_edge)
    assert cancel.uri == at_edge.uri and cancel.values("Route") == at_edge.values("Route")
    alice.ack(invite, alice.expect(487))


def test_a_cancel_waits_for_a_provisional_response_and_keeps_its_reason(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    alice.send(make_cancel(alice, invite, "Q.850;cause=16"))
    alice.expect(200)
    bob.expect_silence()
    bob.respond(at_bob, 100)
    assert stop_ringing(bob, at_bob).lines("Reason") == ["Q.850;cause=16"]
    alice.ack(invite, alice.expect(487))


def test_the_reasons_of_the_caller_are_passed_on(lab, alice):
    bobs = bells(lab, None, None)
    invite = alice.invite(bobs[0].aor)
    received = all_ring(bobs)
    for peer, request in zip(bobs, received):
        peer.respond(request, 180)
        alice.expect(180)
    reasons = ['SIP;cause=600;text="Busy, Everywhere"', "Q.850;cause=16;text=\"Terminated\""]
    alice.send(make_cancel(alice, invite, *reasons))
    alice.expect(200)
    for peer, request in zip(bobs, received):
        assert stop_ringing(peer, request).values("Reason") == reasons
    alice.ack(invite, alice.expect(487))


def test_phones_that_rang_in_vain_are_told_that_the_call_was_completed_elsewhere(lab, alice):
    bobs = bells(lab, None, None, None)
    invite = alice.invite(bobs[0].aor)
    taken, ringing, slow = all_ring(bobs)
    bobs[1].respond(ringing, 180)
    alice.expect(180)
    answer(bobs[0], taken)
    Dialog(alice, invite, alice.expect(200), True).ack()
    bobs[0].expect("ACK")
    assert stop_ringing(bobs[1], ringing).lines("Reason") == [ELSEWHERE]
    bobs[2].expect_silence()
    bobs[2].respond(slow, 180)
    assert stop_ringing(bobs[2], slow).lines("Reason") == [ELSEWHERE], "also if it began to ring only now"
    alice.expect_silence()


def test_no_further_phone_rings_after_a_cancel(lab, alice):
    first, second = bells(lab, 1.0, 0.5)
    invite = alice.invite(first.aor)
    at_first = first.expect("INVITE")
    first.respond(at_first, 180)
    alice.expect(180)
    alice.cancel(invite)
    alice.expect(200)
    stop_ringing(first, at_first)
    alice.ack(invite, alice.expect(487))
    second.expect_silence()


@pytest.mark.parametrize("status, result", [(302, 487), (486, 487), (500, 487), (603, 603)])
def test_a_caller_who_cancelled_gets_487_unless_somebody_declined_for_all(lab, alice, status, result):
    bobs = bells(lab, None, None)
    invite = alice.invite(bobs[0].aor)
    received = all_ring(bobs)
    for peer, request in zip(bobs, received):
        peer.respond(request, 180)
        alice.expect(180)
    alice.cancel(invite)
    alice.expect(200)
    for peer in bobs:
        peer.respond(peer.expect("CANCEL"), 200)
    refuse(bobs[0], received[0], status)
    refuse(bobs[1], received[1], 487)
    alice.ack(invite, alice.expect(result))


def test_a_cancel_that_crosses_the_answer_leaves_the_call(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 180)
    alice.expect(180)
    alice.cancel(invite)
    assert alice.expect(200).method == "CANCEL"
    cancel = bob.expect("CANCEL")
    answer(bob, at_bob)
    bob.respond(cancel, 200)
    ok = alice.expect(200)
    assert ok.method == "INVITE"
    caller_end = Dialog(alice, invite, ok, True)
    caller_end.ack()
    bob.expect("ACK")
    finish(caller_end, bob)


def test_a_cancel_after_the_answer_changes_nothing(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    answer(bob, bob.expect("INVITE"))
    caller_end = Dialog(alice, invite, alice.expect(200), True)
    alice.cancel(invite)
    assert alice.expect(200).method == "CANCEL"
    bob.expect_silence()
    caller_end.ack()
    bob.expect("ACK")
    finish(caller_end, bob)


def test_a_repeated_cancel_is_answered_again_and_passed_on_once(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 180)
    alice.expect(180)
    cancel = alice.cancel(invite)
    first = alice.expect(200)
    at_bob_cancel = bob.expect("CANCEL")
    bob.respond(at_bob_cancel, 200)
    alice.send(cancel)
    assert alice.receive().raw == first.raw
    bob.expect_silence(0.1)
    refuse(bob, at_bob, 487)
    alice.ack(invite, alice.expect(487))


@pytest.mark.parametrize("spoil", [lambda via: via.replace("z9hG4bK", "z9hG4bKx"),
                                   lambda via: via.replace(" 127.", " 126.")], ids=["branch", "sent-by"])
def test_a_cancel_that_matches_nothing_gets_481(lab, alice, spoil):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 180)
    alice.expect(180)
    cancel = make_cancel(alice, invite)
    alice.send(cancel.set("Via", spoil(invite.get("Via"))))
    alice.expect(481)
    bob.expect_silence()
    refuse(bob, at_bob, 486)
    alice.ack(invite, alice.expect(486))


def test_the_response_to_our_cancel_goes_no_further(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 180)
    alice.expect(180)
    alice.cancel(invite)
    alice.expect(200)
    bob.respond(bob.expect("CANCEL"), 481)
    alice.expect_silence(0.2)
    refuse(bob, at_bob, 487)
    alice.ack(invite, alice.expect(487))


def test_a_cancel_of_a_message_hurts_nobody(lab, alice):
    bob, = bells(lab, None)
    message = alice.send(alice.request("MESSAGE", bob.aor))
    at_bob = bob.expect("MESSAGE")
    alice.cancel(message)
    assert alice.response().method == "CANCEL"
    bob.expect_silence(0.2)
    bob.respond(at_bob, 200)
    alice.expect(200)


def test_cancels_by_tcp_find_their_invite(lab, within):
    alice = lab.peer("alice", "tcp")
    bob, = bells(lab, None, transport="tcp")
    for _ in range(3):
        invite = alice.invite(bob.aor)
        at_bob = bob.expect("INVITE")
        bob.respond(at_bob, 180)
        alice.expect(180)
        with within(0, 1):
            alice.cancel(invite)
            alice.expect(200)
            stop_ringing(bob, at_bob)
            alice.ack(invite, alice.expect(487))
