"""
Phones and addresses where nobody listens: what is heard of them (ICMP, refused and closed
connections) moves a call on at once. RFC 3261 16.6 step 7, 16.9, 18.4.
"""

import os
import shutil

import pytest

from bells import answer, bells, refuse
from sip import Dialog, Peer, finish, own_address

AT_ONCE_S = 1.5  # unheard, it would be 32


@pytest.fixture
def lab(tchind):
    return tchind(options=["--no-auth"])


@pytest.fixture
def alice(lab):
    return lab.peer("alice")


@pytest.fixture
def at_once(within):
    with within(0, AT_ONCE_S):
        yield


def dead_uri(user="bob", transport="udp"):
    """A contact at which nobody listens."""
    return f"sip:{user}@{own_address()}:9" + (";transport=tcp" if transport == "tcp" else "")


# --- nobody listens ---


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_contact_where_nobody_listens_is_answered_at_once(lab, alice, at_once, transport, method):
    assert lab.peer("bob").register(contacts=[f"<{dead_uri(transport=transport)}>"]).status == 200
    request = alice.send(alice.request(method, "sip:bob@example.org"))
    response = alice.expect(500)
    if method == "INVITE":
        alice.ack(request, response)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_next_group_rings_at_once_when_nobody_listens_at_the_first(lab, alice, at_once, transport):
    bob = lab.peer("bob")
    assert bob.register(contacts=[f"<{dead_uri(transport=transport)}>;q=1.0", f"<{bob.contact_uri}>;q=0.5"]).status == 200
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    refuse(bob, at_bob, 486)
    alice.ack(invite, alice.expect(486))


def test_a_dead_contact_does_not_disturb_those_that_ring_beside_it(lab, alice):
    bob = lab.peer("bob")
    assert bob.register(contacts=[f"<{dead_uri()}>", f"<{bob.contact_uri}>"]).status == 200
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 180)
    alice.expect(180)
    alice.expect_silence(0.2)
    answer(bob, at_bob)
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    bob.expect("ACK")
    finish(end, bob)


def test_a_transport_that_we_do_not_speak_is_answered_at_once(lab, alice, at_once):
    assert lab.peer("bob").register(contacts=["<sip:bob@127.0.0.1:9;transport=sctp>"]).status == 200
    alice.send(alice.request("MESSAGE", "sip:bob@example.org"))
    alice.expect(500)


@pytest.mark.parametrize("host", ["224.0.1.75", "255.255.255.255", "0.0.0.0"])
def test_nothing_is_sent_to_groups_or_to_everybody(lab, alice, at_once, host):
    assert lab.peer("bob").register(contacts=[f"<sip:bob@{host}>"]).status == 200
    alice.send(alice.request("MESSAGE", "sip:bob@example.org"))
    alice.expect(500)


# --- gone meanwhile ---


def test_a_phone_that_refused_and_went_away_does_not_end_the_call_elsewhere(lab, alice):
    """Our ACK finds nobody: that is no second answer of the phone."""
    gone, ringing = bells(lab, 1.0, 0.5)
    invite = alice.invite(gone.aor)
    gone.respond(gone.expect("INVITE"), 486, contact="")
    gone.close()
    lab.peers.remove(gone)
    at_ringing = ringing.expect("INVITE")
    ringing.respond(at_ringing, 180)
    alice.expect(180)
    alice.expect_silence(0.3)
    answer(ringing, at_ringing)
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    ringing.expect("ACK")
    finish(end, ringing)


def test_a_phone_that_went_away_while_it_rang_is_no_concern_until_somebody_asks(lab, alice):
    going, staying = bells(lab, None, None)
    invite = alice.invite(going.aor)
    at_going, at_staying = going.expect("INVITE"), staying.expect("INVITE")
    for peer, request in ((going, at_going), (staying, at_staying)):
        peer.respond(request, 180)
        alice.expect(180)
    going.close()
    lab.peers.remove(going)
    answer(staying, at_staying)  # the CANCEL for the other is sent to nobody
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    staying.expect("ACK")
    finish(end, staying)


def test_a_caller_who_is_gone_does_not_cancel_the_call(lab):
    """RFC 3261 16.9: a response that cannot be delivered is dropped, and that is all."""
    gone = Peer("gone", lab.address)
    bob, = bells(lab, None)
    gone.send(gone.request("INVITE", bob.aor))
    at_bob = bob.expect("INVITE")
    gone.close()
    bob.respond(at_bob, 180)
    bob.expect_silence()
    refuse(bob, at_bob, 486)


# --- connections ---


def test_a_phone_is_reached_by_the_connection_that_it_registered_by(lab, alice):
    bob = lab.peer("bob", "tcp")
    bob.connect()
    assert bob.register(contacts=["<sip:bob@192.0.2.99:9;transport=tcp>"]).status == 200
    alice.send(alice.request("MESSAGE", bob.aor))
    got = bob.expect("MESSAGE")
    assert got.uri == "sip:bob@192.0.2.99:9;transport=tcp" and got.channel is bob.channels[0]
    bob.respond(got, 200)
    alice.expect(200)


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE"])
def test_when_that_connection_is_gone_the_contact_is_tried(lab, alice, at_once, method):
    bob = lab.peer("bob", "tcp")
    assert bob.register().status == 200
    bob.channels.pop().connection.close()
    request = alice.send(alice.request(method, bob.aor))
    got = bob.expect(method)
    refuse(bob, got, 486)
    response = alice.expect(486)
    if method == "INVITE":
        alice.ack(request, response)


def test_when_the_contact_is_gone_too_that_is_the_end_of_it(lab, alice, at_once):
    bob = lab.peer("bob", "tcp")
    assert bob.register().status == 200
    bob.close()
    lab.peers.remove(bob)
    alice.send(alice.request("MESSAGE", bob.aor))
    alice.expect(500)
    ladder = lab.ladder.read_text()
    assert ladder.count(f"MESSAGE sip:bob@{bob.host}") <= 2, "by the connection, and to the contact"


# --- names with several addresses ---


@pytest.fixture(scope="module")
def etc(tmp_path_factory):
    """A copy of /etc, whose hosts file may be missing, with one in which both.test has two addresses."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root, to give a server a hosts file of its own")
    folder = tmp_path_factory.mktemp("machine") / "etc"
    shutil.copytree("/etc", folder, symlinks=True)
    (folder / "hosts").unlink(missing_ok=True)
    (folder / "hosts").write_text(
        "127.0.0.1 localhost\n127.77.0.1 both.test\n127.77.0.2 both.test\n127.77.0.9 none.test\n")
    return folder


@pytest.fixture
def named(tchind, etc):
    wrap = f"unshare --mount sh -c 'mount --bind {etc} /etc && exec \"$@\"' sh"
    return tchind(options=["--no-auth"], wrap=wrap)


@pytest.mark.parametrize("live", ["127.77.0.1", "127.77.0.2"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_of_several_addresses_the_one_where_somebody_listens_is_found(named, at_once, live, transport):
    alice, bob = named.peer("alice"), named.peer("bob", transport, host=live)
    contact = f"sip:bob@both.test:{bob.port}" + (";transport=tcp" if transport == "tcp" else "")
    assert named.peer("bob").register(contacts=[f"<{contact}>"]).status == 200
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    assert at_bob.uri == contact
    answer(bob, at_bob)
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    bob.expect("ACK")


def test_a_name_without_an_address_that_answers_is_answered_at_once(named, at_once):
    alice = named.peer("alice")
    assert named.peer("bob").register(contacts=["<sip:bob@both.test:9>"]).status == 200
    alice.send(alice.request("MESSAGE", "sip:bob@example.org"))
    alice.expect(500)
    ladder = named.ladder.read_text()
    assert "127.77.0.1:9 <-- tchind" in ladder and "127.77.0.2:9 <-- tchind" in ladder


def test_the_ack_of_a_call_to_a_name_finds_its_way(named):
    alice, bob = named.peer("alice"), named.peer("bob", host="127.77.0.9")
    contact = f"sip:bob@none.test:{bob.port}"
    assert named.peer("bob").register(contacts=[f"<{contact}>"]).status == 200
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 200, contact=f"<{contact}>")
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    assert bob.expect("ACK").uri == contact
    finish(end, bob)
