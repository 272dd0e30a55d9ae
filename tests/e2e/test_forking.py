"""
Several phones for one address: which of them ring when, and which of their answers the caller is
given. RFC 3261 16.5 to 16.7, RFC 5393 5.
"""

import pytest

from bells import all_ring, answer, bells, refuse, stop_ringing
from sip import Dialog, establish, param_of


@pytest.fixture
def lab(tchind):
    return tchind(options=["--no-auth"])


@pytest.fixture
def alice(lab):
    return lab.peer("alice")


# --- who rings when ---


@pytest.mark.parametrize("q", [None, 0.3])
def test_phones_of_equal_q_ring_together(lab, alice, q):
    bobs = bells(lab, q, q, q)
    alice.invite(bobs[0].aor)
    received = all_ring(bobs)
    assert len({m.get("Via") for m in received}) == 3, "a branch of its own for each"
    assert [m.uri for m in received] == [peer.contact_uri for peer in bobs]


def test_groups_ring_in_falling_order_of_q(lab, alice):
    low, high, middle = bells(lab, 0.1, 1.0, 0.5)
    invite = alice.invite(low.aor)
    for peer, later in ((high, (middle, low)), (middle, (low,)), (low, ())):
        request = peer.expect("INVITE")
        for other in later:
            other.expect_silence(0.05)
        refuse(peer, request, 486)
    alice.ack(invite, alice.expect(486))


def test_a_group_is_over_when_all_of_it_have_refused(lab, alice):
    first, second, late = bells(lab, 1.0, 1.0, 0.5)
    alice.invite(first.aor)
    one, two = all_ring((first, second))
    refuse(first, one, 486)
    late.expect_silence()
    refuse(second, two, 486)
    late.expect("INVITE")


def test_a_request_that_is_no_invite_is_forked_as_well(lab, alice):
    bobs = bells(lab, None, None)
    alice.send(alice.request("MESSAGE", bobs[0].aor))
    for peer, request in zip(bobs, all_ring(bobs, "MESSAGE")):
        peer.respond(request, 200)
    alice.expect(200)
    alice.expect_silence()


# --- Max-Breadth ---


@pytest.mark.parametrize("asked, shares", [(None, [20, 20, 20]), ("60", [20, 20, 20]), ("7", [3, 2, 2]), ("3", [1, 1, 1]),
                                           ("1000", [20, 20, 20]), ("99999999999", [20, 20, 20])])
def test_the_shares_of_max_breadth_sum_up_to_what_came(lab, alice, asked, shares):
    bobs = bells(lab, None, None, None)
    alice.invite(bobs[0].aor, headers=[("Max-Breadth", asked)] if asked else [])
    received = all_ring(bobs)
    assert sorted((int(m.get("Max-Breadth")) for m in received), reverse=True) == shares
    assert all(len(m.lines("Max-Breadth")) == 1 for m in received)


def test_a_group_after_another_has_the_whole_breadth(lab, alice):
    first, second = bells(lab, 1.0, 0.5)
    alice.invite(first.aor, headers=[("Max-Breadth", "5")])
    request = first.expect("INVITE")
    assert request.get("Max-Breadth") == "5"
    refuse(first, request, 486)
    assert second.expect("INVITE").get("Max-Breadth") == "5"


def test_what_finds_no_breadth_waits_until_another_has_ended(lab, alice):
    bobs = bells(lab, None, None, None)
    invite = alice.invite(bobs[0].aor, headers=[("Max-Breadth", "2")])
    one, two = all_ring(bobs[:2])
    assert one.get("Max-Breadth") == two.get("Max-Breadth") == "1"
    bobs[1].respond(two, 180)
    alice.expect(180)
    bobs[2].expect_silence()
    refuse(bobs[0], one, 486)
    three = bobs[2].expect("INVITE")
    assert three.get("Max-Breadth") == "1"
    refuse(bobs[2], three, 486)
    refuse(bobs[1], two, 486)
    alice.ack(invite, alice.expect(486))


def test_a_breadth_of_one_means_one_after_the_other(lab, alice):
    bobs = bells(lab, None, None, None)
    invite = alice.invite(bobs[0].aor, headers=[("Max-Breadth", "1")])
    for peer in bobs:
        refuse(peer, peer.expect("INVITE"), 486)
    alice.ack(invite, alice.expect(486))


def test_no_breadth_at_all_gets_440(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor, headers=[("Max-Breadth", "0")])
    alice.ack(invite, alice.expect(440))
    bob.expect_silence()


# --- the best response ---


@pytest.mark.parametrize("statuses, best", [
    ((486, 603), 603), ((404, 500), 404), ((302, 486), 302), ((302, 401), 302), ((401, 486), 401), ((404, 407), 407),
    ((415, 486), 415), ((404, 420), 420), ((484, 480), 484), ((408, 404), 404), ((487, 486), 486), ((500, 603), 603),
    ((503, 500), 500), ((503, 480), 480), ((502, 408), 408), ((301, 600), 600)])
@pytest.mark.parametrize("best_comes", ["first", "last"])
def test_the_best_of_the_answers_is_passed_on(lab, alice, statuses, best, best_comes):
    bobs = bells(lab, None, None)
    invite = alice.invite(bobs[0].aor)
    received = all_ring(bobs)
    for peer, request, status in zip(bobs, received, sorted(statuses, key=lambda s: (s == best) == (best_comes == "last"))):
        refuse(peer, request, status)
        if status >= 600 and best_comes == "first":
            alice.expect_silence(0.05)
    response = alice.expect(best)
    alice.ack(invite, response)
    assert len(response.lines("Via")) == 1 and response.get("To").split(";")[0] == f"<{bobs[0].aor}>"
    alice.expect_silence(0.05)


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE"])
def test_a_503_alone_becomes_a_500(lab, alice, method):
    bob, = bells(lab, None)
    request = alice.send(alice.request(method, bob.aor))
    refuse(bob, bob.expect(method), 503, headers=[("Retry-After", "3600")])
    response = alice.expect(500)
    assert response.get("Retry-After") is None, "the caller may try others through us"
    if method == "INVITE":
        alice.ack(request, response)


def test_the_challenges_of_all_branches_go_into_one_response(lab, alice):
    bobs = bells(lab, None, None, None, None)
    invite = alice.invite(bobs[0].aor)
    challenges = [(486, "Warning", "399 bob \"busy\""), (401, "WWW-Authenticate", 'Digest realm="one", nonce="1,2"'),
                  (407, "Proxy-Authenticate", 'Digest realm="two", nonce="2"'),
                  (401, "WWW-Authenticate", 'Digest realm="three", nonce="3"')]
    for peer, request, (status, name, value) in zip(bobs, all_ring(bobs), challenges):
        refuse(peer, request, status, headers=[(name, value)])
    response = alice.receive()
    while response.status == 100:
        response = alice.receive()
    alice.ack(invite, response)
    assert response.status in (401, 407)
    assert sorted(response.lines("WWW-Authenticate")) == sorted([challenges[1][2], challenges[3][2]])
    assert response.lines("Proxy-Authenticate") == [challenges[2][2]]


def test_a_6xx_silences_the_others_and_is_passed_on_when_they_have_ended(lab, alice):
    ringing, declining, later = bells(lab, 1.0, 1.0, 0.5)
    invite = alice.invite(ringing.aor)
    at_ringing, at_declining = all_ring((ringing, declining))
    ringing.respond(at_ringing, 180)
    alice.expect(180)
    refuse(declining, at_declining, 603)
    cancel = ringing.expect("CANCEL")
    alice.expect_silence(0.1)
    ringing.respond(cancel, 200)
    refuse(ringing, at_ringing, 487)
    alice.ack(invite, alice.expect(603))
    later.expect_silence()


def test_a_2xx_after_a_6xx_still_wins(lab, alice):
    ringing, declining = bells(lab, None, None)
    invite = alice.invite(ringing.aor)
    at_ringing, at_declining = all_ring((ringing, declining))
    ringing.respond(at_ringing, 180)
    alice.expect(180)
    refuse(declining, at_declining, 603)
    ringing.respond(ringing.expect("CANCEL"), 200)
    answer(ringing, at_ringing)
    caller_end = Dialog(alice, invite, alice.expect(200), True)
    caller_end.ack()
    ringing.expect("ACK")
    alice.expect_silence()


# --- what goes through at once ---


def test_provisional_responses_of_all_branches_are_passed_on_but_no_100(lab, alice):
    bobs = bells(lab, None, None)
    invite = alice.invite(bobs[0].aor)
    received = all_ring(bobs)
    for peer, request, status in zip(bobs, received, (180, 183)):
        peer.respond(request, 100, headers=[("Server", "not for upstream")])
        peer.respond(request, status)
        response = alice.expect(status)
        assert param_of(response.get("To"), "tag").startswith(peer.user)
    while (message := alice.receive(0.3)) is not None:
        assert message.get("Server") is None, str(message)
    for peer, request in zip(bobs, received):
        refuse(peer, request, 486)
    alice.ack(invite, alice.expect(486))


def test_every_2xx_is_passed_on_and_each_is_acknowledged_where_it_came_from(lab, alice):
    bobs = bells(lab, None, None)
    invite = alice.invite(bobs[0].aor)
    received = all_ring(bobs)
    for peer, request in zip(bobs, received):
        answer(peer, request)
    tags = set()
    for _ in bobs:
        ok = alice.expect(200)
        tags.add(param_of(ok.get("To"), "tag"))
        caller_end = Dialog(alice, invite, ok, True)
        caller_end.ack()
        owner = next(peer for peer in bobs if param_of(ok.get("To"), "tag").startswith(peer.user + "-") and peer.contact_uri
                     == caller_end.remote_target)
        owner.expect("ACK")
    assert len(tags) == 2


def test_a_repeated_2xx_is_passed_on_until_it_is_acknowledged(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    ok = answer(bob, at_bob)
    first = alice.expect(200)
    for _ in range(2):
        bob.send(ok, at_bob.channel)
        assert alice.receive().raw == first.raw
    Dialog(alice, invite, first, True).ack()
    bob.expect("ACK")


def test_exactly_one_final_response_to_what_is_no_invite(lab, alice):
    bobs = bells(lab, None, None)
    alice.send(alice.request("MESSAGE", bobs[0].aor))
    received = all_ring(bobs, "MESSAGE")
    bobs[0].respond(received[0], 200)
    alice.expect(200)
    bobs[1].respond(received[1], 202)
    alice.expect_silence()


def test_a_phone_that_rang_in_vain_is_not_called_again(lab, alice):
    """The response context ends with its call: the next one rings as the first did."""
    bobs = bells(lab, None, None)
    for _ in range(2):
        alice.invite(bobs[0].aor)
        received = all_ring(bobs)
        for peer, request in zip(bobs, received):
            peer.respond(request, 180)
            alice.expect(180)
        answer(bobs[0], received[0])
        alice.expect(200)
        stop_ringing(bobs[1], received[1])
        bobs[1].expect_silence(0.05)
    establish(alice, lab.registered("carol"), "sip:carol@example.org")
