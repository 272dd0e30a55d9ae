"""
The proxy, one request at a time: what it validates, what it sends on, repeats, acknowledges and
keeps to itself. RFC 3261 16.2, 16.3, 16.7, 17, RFC 4320, RFC 6026.
"""

import pytest

from bells import answer, bells, refuse
from sip import Dialog, Message, establish, finish


@pytest.fixture
def lab(tchind):
    return tchind(options=["--no-auth"])


@pytest.fixture
def alice(lab):
    return lab.peer("alice")


# --- validation: RFC 3261 16.3 ---


@pytest.mark.parametrize("spoil, start", [
    (lambda m: m.set("CSeq", "1 INVITE"), "SIP/2.0 400 CSeq Method Mismatch"),
    (lambda m: m.set("CSeq", "4294967296 MESSAGE"), "SIP/2.0 400 Malformed CSeq"),
    (lambda m: m.set("Max-Forwards", "256"), "SIP/2.0 400 Malformed Max-Forwards"),
    (lambda m: m.set("From", "<sip:alice@example.org;tag=1"), "SIP/2.0 400 Malformed From"),
    (lambda m: m.set("To", ""), "SIP/2.0 400 Malformed To"),
    (lambda m: m.headers.append(("t", "<sip:eve@example.org>")) or m, "SIP/2.0 400 Multiple To"),
    (lambda m: m.headers.append(("Max-Breadth", "1")) or m.headers.append(("max-breadth", "2")) or m,
     "SIP/2.0 400 Multiple Max-Breadth"),
    (lambda m: set_uri(m, "sip:bob@example.org?Subject=x"), "SIP/2.0 400 Malformed Request-URI"),
    (lambda m: set_uri(m, "sip:bob@"), "SIP/2.0 400 Malformed Request-URI"),
    (lambda m: set_uri(m, "<sip:bob@example.org>"), "SIP/2.0 400 Malformed Request-URI"),
    (lambda m: m.set("Max-Forwards", "0"), "SIP/2.0 483 Too Many Hops"),
    (lambda m: set_uri(m, "tel:+1555"), "SIP/2.0 416 Unsupported URI Scheme"),
    (lambda m: set_uri(m, "sips:bob@example.org"), "SIP/2.0 416 Unsupported URI Scheme"),
    (lambda m: set_uri(m, "nobodyKnowsThis:totallyopaque"), "SIP/2.0 416 Unsupported URI Scheme"),
])
def test_what_cannot_be_forwarded_is_told_why(lab, alice, spoil, start):
    bob, = bells(lab, None)
    alice.send(spoil(alice.request("MESSAGE", bob.aor)))
    assert alice.response().start == start
    bob.expect_silence(0.05)


def set_uri(message, uri):
    message.start = f"{message.start.split(' ')[0]} {uri} SIP/2.0"
    return message


def test_every_extension_that_is_required_of_proxies_is_listed_as_unsupported(lab, alice):
    bob, = bells(lab, None)
    alice.send(alice.request("MESSAGE", bob.aor, headers=[
        ("Proxy-Require", "teleport, Privacy"), ("Require", "for-bob"), ("proxy-require", "third")]))
    assert sorted(alice.expect(420).values("Unsupported")) == ["Privacy", "teleport", "third"]
    bob.expect_silence(0.05)


def test_what_is_required_of_the_callee_is_his_business(lab, alice):
    bob, = bells(lab, None)
    alice.send(alice.request("MESSAGE", bob.aor, headers=[("Require", "for-bob")]))
    got = bob.expect("MESSAGE")
    assert got.get("Require") == "for-bob"
    bob.respond(got, 420)
    alice.expect(420)


@pytest.mark.parametrize("uri, status", [("sip:example.org", 200), ("sip:bob@example.org", 483)])
def test_options_for_us_may_have_no_hops_left(lab, alice, uri, status):
    alice.send(alice.request("OPTIONS", uri).set("Max-Forwards", "0"))
    assert alice.response().status == status


@pytest.mark.parametrize("came, goes", [("1", "0"), ("255", "254"), ("0070", "69"), (None, "70")])
def test_a_hop_is_counted(lab, alice, came, goes):
    bob, = bells(lab, None)
    request = alice.request("MESSAGE", bob.aor)
    request.headers = [(n, v) for n, v in request.headers if n != "Max-Forwards"]
    alice.send(request if came is None else request.set("Max-Forwards", came))
    got = bob.expect("MESSAGE")
    assert got.lines("Max-Forwards") == [goes]
    bob.respond(got, 200)
    alice.expect(200)


def test_malformed_fields_that_are_no_business_of_a_proxy_pass(lab, alice):
    bob, = bells(lab, None)
    odd = [("Date", "tomorrow"), ("Accept", ";;;"), ("Warning", "\"open"), ("Subject", "\xff\xfe"), ("Alert-Info", "<<>>")]
    alice.send(alice.request("MESSAGE", bob.aor, headers=odd))
    got = bob.expect("MESSAGE")
    assert [h for h in got.headers if h in odd] == odd
    bob.respond(got, 200)
    alice.expect(200)


@pytest.mark.parametrize("method", ["NEWFANGLED", "invite", "!-Zz*", "PRACK", "INFO", "PUBLISH", "OPTIONS", "BYE"])
def test_any_method_is_forwarded(lab, alice, method):
    bob, = bells(lab, None)
    alice.send(alice.request(method, bob.aor, body=b"\0anything"))
    got = bob.expect(method)
    assert got.body == b"\0anything"
    bob.respond(got, 299)
    assert alice.expect(299).get("CSeq") == f"1 {method}"


# --- 100 Trying ---


def test_a_100_is_ours_and_comes_when_nothing_else_has_come_for_200_ms(lab, alice, within):
    bob, = bells(lab, None)
    with within(0.15, 0.6):
        invite = alice.invite(bob.aor)
        at_bob = bob.expect("INVITE")
        trying = alice.receive(2)
    assert trying.status == 100
    assert ";tag=" not in trying.get("To"), "RFC 3261 8.2.6.2: it belongs to no dialog"
    refuse(bob, at_bob, 486)
    alice.ack(invite, alice.expect(486))


@pytest.mark.parametrize("status", [180, 486])
def test_no_100_is_sent_when_another_response_was_sooner(lab, alice, status):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, status)
    assert alice.receive().status == status
    alice.expect_silence(0.4)
    if status == 180:
        refuse(bob, at_bob, 486)
        alice.expect(486)
    alice.send(Message(f"ACK {invite.uri} SIP/2.0", [(n, v.replace("INVITE", "ACK")) for n, v in invite.headers]))


def test_provisional_responses_to_other_requests_go_no_further(lab, alice):
    """RFC 4320 4.1."""
    bob, = bells(lab, None)
    alice.send(alice.request("MESSAGE", bob.aor))
    got = bob.expect("MESSAGE")
    for status in (100, 180, 183):
        bob.respond(got, status)
    alice.expect_silence(0.3)
    bob.respond(got, 200)
    alice.expect(200)


# --- repeats ---


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE"])
def test_a_repeated_request_is_answered_again_and_forwarded_once(lab, alice, method):
    bob, = bells(lab, None)
    request = alice.request(method, bob.aor)
    for _ in range(3):
        alice.send(request)
    got = bob.expect(method)
    bob.expect_silence(0.2)
    refuse(bob, got, 486)
    response = alice.expect(486)
    alice.send(request)
    assert alice.receive().raw == response.raw
    if method == "INVITE":
        alice.ack(request, response)
        alice.send(request)
        alice.expect_silence(0.2)
    bob.expect_silence(0.1)


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE"])
def test_we_repeat_a_request_that_is_not_answered_and_stop_when_it_is(lab, alice, within, method):
    bob, = bells(lab, None)
    with within(0.4, 0.9):
        alice.send(alice.request(method, bob.aor))
        first = bob.receive()
        again = bob.receive()
    assert again.raw == first.raw
    bob.seen.add(first.raw)
    bob.respond(first, 486, contact="")
    alice.expect(486)
    while (message := bob.receive(1.2)) is not None:
        assert message.method == "ACK"


def test_a_repeated_final_response_is_acknowledged_again_and_forwarded_once(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    refuse(bob, at_bob, 486)
    response = alice.expect(486)
    alice.ack(invite, response)
    bob.respond(at_bob, 486, contact="")
    assert bob.receive().method == "ACK"
    alice.expect_silence(0.2)


def test_we_repeat_a_refusal_until_it_is_acknowledged(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    refuse(bob, bob.expect("INVITE"), 486)
    first = alice.receive()
    assert alice.receive(1).raw == first.raw, "timer G, by UDP"
    alice.ack(invite, first)
    assert alice.receive(1.2) is None


# --- ACK ---


def test_the_ack_of_a_2xx_goes_all_the_way(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    answer(bob, bob.expect("INVITE"))
    end = Dialog(alice, invite, alice.expect(200), True)
    ack = end.ack(body=b"an answer")
    got = bob.expect("ACK")
    assert got.body == b"an answer" and got.uri == bob.contact_uri and len(got.lines("Via")) == 2
    alice.send(ack)
    again = bob.receive()
    assert again.raw == got.raw, "repeated, it is the same: RFC 3261 16.11"
    finish(end, bob)


def test_an_ack_with_the_branch_of_its_invite_goes_all_the_way_too(lab, alice):
    """RFC 6026: what some phones do wrongly, they may."""
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    answer(bob, bob.expect("INVITE"))
    end = Dialog(alice, invite, alice.expect(200), True)
    sent, alice.send = alice.send, lambda message: message
    ack = end.ack()
    alice.send = sent
    alice.send(ack.set("Via", invite.get("Via")))
    bob.expect("ACK")
    finish(end, bob)


def test_an_ack_of_our_own_errors_ends_here(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    invite = alice.send(alice.request("INVITE", bob.aor))
    challenge = alice.expect(407)
    for _ in range(3):
        alice.ack(invite, challenge)
    invite = alice.send(alice.request("INVITE", bob.aor).set("Max-Forwards", "0"))
    alice.ack(invite, alice.expect(483))
    bob.expect_silence()
    alice.expect_silence(0.1)


def test_the_ack_of_a_refusal_ends_here_and_ours_is_sent_instead(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 486)
    ours = bob.expect("ACK")
    assert ours.lines("Via") == at_bob.lines("Via")[:1]
    alice.ack(invite, alice.expect(486))
    bob.expect_silence()


def test_an_ack_of_nothing_is_not_relayed(server):
    stranger, bob, other = server.peer("eve", domain="elsewhere.example"), server.registered("bob"), server.peer("other")
    for uri in (other.contact_uri, f"sip:x@{other.host}:{other.port};lr", f"sip:bob@example.org;maddr={other.host}"):
        stranger.send(stranger.request("ACK", uri))
        stranger.send(stranger.request("ACK", uri, headers=[("Route", f"<sip:{server.host};lr>")]))
    stranger.send(stranger.request("ACK", bob.aor).set("Max-Forwards", "0"))
    for peer in (other, bob, stranger):
        peer.expect_silence(0.1)


def test_acks_share_the_breadth_that_came(lab, alice):
    bob, = bells(lab, None)
    invite = alice.invite(bob.aor)
    answer(bob, bob.expect("INVITE"))
    end = Dialog(alice, invite, alice.expect(200), True)
    for breadth, goes in (("7", "7"), ("100", "60")):
        end.request("ACK", headers=[("Max-Breadth", breadth)])
        assert bob.expect("ACK").get("Max-Breadth") == goes
    finish(end, bob)


# --- responses to nothing ---


def test_stray_responses_are_dropped(lab, alice):
    """RFC 6026 7.3."""
    bob, = bells(lab, None)
    alice.send(alice.request("MESSAGE", bob.aor))
    at_bob = bob.expect("MESSAGE")
    branch = at_bob.lines("Via")[0].split("branch=")[1]
    for wrong in (branch[:-18] + ("0" if branch[-18] != "0" else "1") + branch[-17:], "z9hG4bK" + "0" * 32, "x"):
        stray = Message.parse(at_bob.raw)
        stray.headers = [(n, v.replace(branch, wrong) if n == "Via" else v) for n, v in stray.headers]
        bob.respond(stray, 200)
    no_via_left = Message.parse(at_bob.raw)
    no_via_left.headers.remove(("Via", at_bob.lines("Via")[1]))
    other_method = Message.parse(at_bob.raw).set("CSeq", "1 INFO")
    for request in (no_via_left, other_method):
        request.channel = at_bob.channel
    bob.respond(other_method, 200)
    alice.expect_silence(0.2)
    bob.respond(at_bob, 202)
    alice.expect(202)
    bob.respond(at_bob, 200)
    alice.expect_silence(0.2)


def test_a_response_without_a_via_for_others_was_meant_for_us(lab, alice):
    """RFC 3261 16.7 step 3."""
    bob, = bells(lab, None)
    alice.send(alice.request("MESSAGE", bob.aor))
    at_bob = bob.expect("MESSAGE")
    mine = Message.parse(at_bob.raw)
    mine.headers.remove(("Via", at_bob.lines("Via")[1]))
    mine.channel = at_bob.channel
    bob.respond(mine, 200)
    alice.expect_silence(0.2)


def test_calls_one_after_the_other_do_not_disturb_each_other(lab, alice):
    bob, = bells(lab, None)
    for _ in range(20):
        alice_end, bob_end = establish(alice, bob, bob.aor)
        finish(bob_end, alice)
