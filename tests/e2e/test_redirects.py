"""Redirections that the proxy follows itself, where the settings ask for it: RFC 3261 16.7 step 4."""

import pytest

from bells import all_ring, answer, bells, refuse
from sip import Dialog, finish, uri_of


@pytest.fixture
def following(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("recurse = yes\n")
    return tchind(users={"alice": "wonderland", "bob": "builder", "carol": "christmas"}, options=["--config", str(config)])


@pytest.fixture
def alice(following):
    return following.peer("alice")


def to(*uris):
    return [("Contact", ", ".join(f"<{uri}>" for uri in uris))]


def test_without_the_setting_a_redirection_is_the_callers(server):
    alice, bob, there = server.peer("alice"), server.registered("bob"), server.peer("there")
    invite = alice.invite(bob.aor)
    refuse(bob, bob.expect("INVITE"), 302, headers=to(there.contact_uri))
    response = alice.expect(302)
    assert uri_of(response.get("Contact")) == there.contact_uri
    alice.ack(invite, response)
    there.expect_silence(0.1)


@pytest.mark.parametrize("status", [300, 301, 302])
def test_all_contacts_of_a_redirection_are_tried_and_it_is_forgotten(following, alice, status):
    bob, = bells(following, None)
    there = [following.peer("here"), following.peer("there")]
    invite = alice.invite(bob.aor)
    refuse(bob, bob.expect("INVITE"), status, headers=to(*(peer.contact_uri for peer in there)))
    received = all_ring(there)
    assert [request.uri for request in received] == [peer.contact_uri for peer in there]
    refuse(there[0], received[0], 486)
    answer(there[1], received[1])
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    there[1].expect("ACK")
    finish(end, there[1])


def test_when_all_that_was_tried_refuse_the_redirection_does_not_come_back(following, alice):
    bob, = bells(following, None)
    there = following.peer("there")
    invite = alice.invite(bob.aor)
    refuse(bob, bob.expect("INVITE"), 302, headers=to(there.contact_uri))
    refuse(there, there.expect("INVITE"), 486)
    alice.ack(invite, alice.expect(486))


def test_contacts_that_we_cannot_try_are_left_for_the_caller(following, alice):
    bob, = bells(following, None)
    there = following.peer("there")
    invite = alice.invite(bob.aor)
    refuse(bob, bob.expect("INVITE"), 302, headers=[
        ("Contact", "<mailto:bob@example.org>"), ("m", f"\"There, now\" <{there.contact_uri}>;q=0.5, <tel:+1555>;q=0.2")])
    refuse(there, there.expect("INVITE"), 486)
    response = alice.expect(302)
    alice.ack(invite, response)
    assert response.values("Contact") == ["<mailto:bob@example.org>", "<tel:+1555>;q=0.2"]


@pytest.mark.parametrize("status", [305, 380])
def test_a_proxy_to_use_or_another_service_is_no_target(following, alice, status):
    bob, = bells(following, None)
    there = following.peer("there")
    invite = alice.invite(bob.aor)
    refuse(bob, bob.expect("INVITE"), status, headers=to(there.contact_uri))
    alice.ack(invite, alice.expect(status))
    there.expect_silence(0.1)


def test_no_target_is_tried_twice(following, alice):
    bobs = bells(following, 1.0, 0.5)
    invite = alice.invite(bobs[0].aor)
    refuse(bobs[0], bobs[0].expect("INVITE"), 302, headers=to(bobs[1].contact_uri, bobs[0].contact_uri))
    refuse(bobs[1], bobs[1].expect("INVITE"), 302, headers=to(bobs[0].contact_uri))
    for peer in bobs:
        peer.expect_silence(0.1)
    response = alice.expect(302)
    alice.ack(invite, response)


def test_what_a_redirection_adds_shares_the_breadth(following, alice):
    bob, = bells(following, None)
    there = [following.peer(f"there-{n}") for n in range(3)]
    alice.send(alice.request("MESSAGE", bob.aor, headers=[("Max-Breadth", "2")]))
    alice.again(alice.request("MESSAGE", bob.aor, headers=[("Max-Breadth", "2")]), alice.expect(407))
    refuse(bob, bob.expect("MESSAGE"), 302, headers=to(*(peer.contact_uri for peer in there)))
    tried = []
    while len(tried) < 3:
        waiting = [peer for peer in there if peer not in tried]
        ringing = [(peer, request) for peer in waiting if (request := peer.receive(0.2)) is not None]
        assert 1 <= len(ringing) <= 2 and sum(int(request.get("Max-Breadth")) for _, request in ringing) <= 2
        for peer, request in ringing:
            refuse(peer, request, 486)
            tried.append(peer)
    alice.expect(486)


def test_a_redirection_to_another_of_our_users_is_a_spiral(following, alice):
    bob, carol = following.registered("bob"), following.registered("carol")
    invite = alice.invite(bob.aor)
    refuse(bob, bob.expect("INVITE"), 302, headers=to(carol.aor))
    at_carol = carol.expect("INVITE")
    assert at_carol.uri == carol.contact_uri
    answer(carol, at_carol)
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    carol.expect("ACK")
    finish(end, carol)


def test_redirections_of_others_users_are_not_followed(following, alice):
    """RFC 3261 16.5: who is not responsible for the Request-URI adds no targets to it."""
    far, there = following.peer("far"), following.peer("there")
    request = alice.send(alice.request("MESSAGE", far.contact_uri))
    alice.again(request, alice.expect(407))
    refuse(far, far.expect("MESSAGE"), 302, headers=to(there.contact_uri))
    alice.expect(302)
    there.expect_silence(0.1)


def test_a_phone_that_always_redirects_comes_to_an_end(following, alice):
    bob, = bells(following, None)
    there = following.peer("there")
    request = alice.send(alice.request("MESSAGE", bob.aor))
    alice.again(request, alice.expect(407))
    refuse(bob, bob.expect("MESSAGE"), 302, headers=to(f"{there.contact_uri};n=0"))
    count = 0
    while (got := there.receive(0.3)) is not None:
        count += 1
        refuse(there, got, 302, headers=to(f"{there.contact_uri};n={count}"))
    assert count == 16
    alice.expect(302)
