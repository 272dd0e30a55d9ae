"""
The answers where the RFCs leave the choice: a section for each line of the table in the design. What
belongs to credentials and bindings is taken further in test_auth.py and test_registrar.py.
"""

import re
import signal
import statistics
import time

import pytest

from servers import Server, configured
from sip import SDP, Dialog, Message, challenge_params, establish, finish

STRANGER = {"domain": "elsewhere.example", "password": None}


def answer_to(peer, method, uri, **parts):
    """The final answer to one request without credentials; a refused INVITE is acknowledged."""
    request = peer.send(peer.request(method, uri, **parts))
    response = peer.response()
    if method == "INVITE" and response.status >= 300:
        peer.ack(request, response)
    return response


# --- credentials ---


def test_a_user_of_ours_without_credentials_gets_407_and_a_register_401(server):
    alice = server.peer("alice")
    assert answer_to(alice, "INVITE", "sip:bob@example.org").status == 407
    assert answer_to(alice, "MESSAGE", "sip:bob@example.org").status == 407
    assert answer_to(alice, "REGISTER", "sip:example.org", to=f"<{alice.aor}>").status == 401


@pytest.mark.parametrize("cookie", ["z9hG4bK", ""], ids=["rfc3261", "rfc2543"])
def test_what_is_answered_without_state_gets_the_same_to_tag_when_repeated(server, cookie):
    alice = server.peer("alice")

    def tag_for(request):
        alice.send(request)
        return alice.response().get("To").partition(";tag=")[2]

    for method, uri in (("OPTIONS", "sip:example.org"), ("MESSAGE", "sip:bob@example.org"),
                        ("INVITE", "sip:bob@example.org"), ("REGISTER", "sip:example.org")):
        first, second = (alice.request(method, uri, to="<sip:bob@example.org>") for _ in range(2))
        for request in first, second:
            request.set("Via", request.get("Via").replace("z9hG4bK", cookie))
        tag = tag_for(first)
        assert tag and tag_for(first) == tag, "RFC 3261 8.2.7"
        assert tag_for(second) != tag


def test_ack_and_cancel_are_not_challenged(server):
    alice, bob = server.registered("alice"), server.registered("bob")
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 180)
    alice.expect(180)
    alice.cancel(invite)
    alice.expect(200)
    bob.respond(bob.expect("CANCEL"), 200)
    bob.respond(at_bob, 487)
    alice.ack(invite, alice.expect(487))


def test_what_comes_along_our_own_route_is_not_challenged_unless_its_token_is_wrong(server):
    alice, bob = server.registered("alice"), server.registered("bob")
    alice_end, bob_end = establish(alice, bob, bob.aor)
    finish(bob_end, alice)

    alice_end, bob_end = establish(alice, bob, bob.aor)
    routes = alice_end.routes
    alice_end.routes = [re.sub(r"=[^;=>]{16}", "=" + 16 * "0", route) for route in routes]
    assert alice_end.routes != routes
    alice_end.request("BYE")
    assert alice.response().status == 407
    alice_end.routes = routes
    finish(alice_end, bob)


@pytest.mark.parametrize("which, algorithms", [(None, ["MD5"]), ("md5", ["MD5"]), ("both", ["SHA-256", "MD5"]), ("sha256", ["SHA-256"])])
def test_which_digest_is_offered(tchind, which, algorithms):
    server = tchind(users={"alice": "wonderland"}, options=["--digest", which] if which else [])
    alice = server.peer("alice")
    challenge = answer_to(alice, "REGISTER", "sip:example.org", to=f"<{alice.aor}>")
    offered = [challenge_params(value).get("algorithm", "MD5") for value in challenge.lines("WWW-Authenticate")]
    assert offered == algorithms
    assert alice.register().status == 200


def test_the_realm_is_the_domain_and_the_user_may_name_it_too(server):
    for user in ("alice", "alice@example.org"):
        alice = server.peer("alice")
        request = alice.send(alice.request("REGISTER", "sip:example.org", to=f"<{alice.aor}>"))
        challenge = alice.expect(401)
        assert challenge_params(challenge.get("WWW-Authenticate"))["realm"] == "example.org"
        alice.again(request, challenge, user=user)
        alice.expect(200)


def test_a_wrong_password_is_not_told_apart_from_an_unknown_user(server):
    answers = []
    for user in ("alice", "nobody"):
        peer = server.peer(user)
        request = peer.send(peer.request("REGISTER", "sip:example.org", to=f"<{peer.aor}>"))
        peer.again(request, peer.expect(401), password="wrong")
        answers.append(peer.response())
    names = [[name for name, _ in answer.headers] for answer in answers]
    assert [a.start for a in answers] == ["SIP/2.0 401 Unauthorized"] * 2
    assert names[0] == names[1]


def test_who_guesses_too_often_is_shut_out_alone(server):
    alice = server.peer("alice", password="a guess")
    assert [alice.register().status for _ in range(7)] == [401] * 5 + [403] * 2
    bob = server.peer("bob")
    assert bob.register().status == 200, "another user from the same source"


def test_nobody_registers_for_somebody_else(server):
    alice = server.peer("alice")
    request = alice.request("REGISTER", "sip:example.org", to="<sip:bob@example.org>")
    alice.send(request)
    alice.again(request, alice.expect(401))
    alice.expect(403)


# --- order of judgement ---


def test_the_order_of_judgement(server):
    """Each fault is found before all that stand above it here."""
    alice = server.peer("alice")
    faults = [(407, lambda m: m), (420, lambda m: m.set("Proxy-Require", "teleport")),
              (416, lambda m: set_uri(m, "http://example.org")), (483, lambda m: m.set("Max-Forwards", "0")),
              (400, lambda m: m.set("CSeq", "1 BYE"))]
    message = alice.request("MESSAGE", "sip:bob@example.org")
    for status, spoil in faults:
        message = Message(message.start, message.headers, message.body)
        message.set("Via", alice.via())
        alice.send(spoil(message))
        assert alice.response().status == status


def test_the_rest_comes_after_the_credentials(server):
    """Who has none does not learn that the user is unknown, the contact malformed or the relay denied."""
    alice = server.peer("alice")
    for method, uri in (("MESSAGE", "sip:nobody@example.org"), ("MESSAGE", "sip:a@elsewhere.example")):
        assert answer_to(alice, method, uri).status == 407
    brief = [("Contact", "<sip:a@192.0.2.1>;expires=1")]
    assert answer_to(alice, "REGISTER", "sip:example.org", to=f"<{alice.aor}>", contact="", headers=brief).status == 401


def test_require_is_judged_before_the_credentials_where_the_request_ends(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    required = [("Require", "teleport")]
    refused = answer_to(alice, "REGISTER", "sip:example.org", to=f"<{alice.aor}>", headers=required)
    assert refused.status == 420 and refused.get("Unsupported") == "teleport"
    alice.invite(bob.aor, headers=required)
    received = bob.expect("INVITE")
    assert received.get("Require") == "teleport", "else it is for who answers"
    bob.respond(received, 420)
    alice.expect(420)


def set_uri(message, uri):
    message.start = f"{message.start.split(' ')[0]} {uri} SIP/2.0"
    return message


def test_a_loop_is_seen(tchind):
    server = tchind(options=["--no-auth"])
    bob = server.peer("bob")
    assert bob.register(contacts=[f"<sip:bob@{server.host}:{server.port}>"]).status == 200
    assert answer_to(server.peer("alice"), "MESSAGE", bob.aor).status == 482


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE", "REGISTER"])
@pytest.mark.parametrize("header, value", [
    ("From", None), ("To", None), ("Call-ID", None), ("CSeq", None), ("From", "@ , ;"), ("To", "@ , ;"), ("Call-ID", "a b"), ("CSeq", "@ , ;"),
    ("CSeq", "4294967296 {method}"), ("CSeq", "1 OTHER"), ("Max-Forwards", "many"), ("Max-Forwards", "256"), ("Via", "@ , ;"),
    ("Contact", "<"), ("Content-Length", "many")])
def test_a_missing_or_malformed_header_is_named(lab, method, header, value):
    request = lab.request(method, "sip:bob@example.org")
    octets = request.octets().decode()
    octets = re.sub(rf"\r\n{header}: [^\r]*", "" if value is None else f"\r\n{header}: {value.format(method=method)}", octets)
    lab.send(octets.encode())
    response = lab.response()
    assert response.status == 400 and header in response.start


def test_who_cannot_be_reached_by_a_via_gets_no_answer(lab):
    request = lab.request("MESSAGE", "sip:bob@example.org")
    request.headers = [(n, v) for n, v in request.headers if n != "Via"]
    lab.send(request)
    lab.expect_silence(0.1)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A peer of a server without passwords, for what leaves nothing behind."""
    server = Server(tmp_path_factory.mktemp("lab"), options=["--no-auth"])
    yield server.start().peer("alice")
    server.stop()


# --- who may reach whom ---


def test_a_stranger_reaches_our_users_and_nobody_else(server):
    stranger, bob = server.peer("stranger", **STRANGER), server.registered("bob")
    caller_end, _ = establish(stranger, bob, bob.aor)
    finish(caller_end, bob)
    assert answer_to(stranger, "INVITE", "sip:somebody@third.example", body=SDP).status == 403


def test_no_way_around_leads_a_stranger_elsewhere(server):
    stranger, victim = server.peer("stranger", **STRANGER), server.peer("victim", **STRANGER)
    place = f"{victim.host}:{victim.port}"
    ways = [("sip:x@" + place, []), (f"sip:bob@example.org:{victim.port};maddr={victim.host}", []),
            (f"sip:example.org:{victim.port};maddr={victim.host}", []), ("sip:bob@example.org", [("Route", f"<sip:{place};lr>")]),
            ("sip:x@" + place, [("Route", f"<sip:{server.host}:{server.port};lr>")]),
            (f"sip:{server.host}:{server.port};lr", [("Route", f"<sip:x@{place}>")])]
    for uri, headers in ways:
        for method in ("MESSAGE", "INVITE"):
            assert answer_to(stranger, method, uri, headers=headers).status in (400, 403, 404, 480), uri
        stranger.send(stranger.request("ACK", uri, headers=headers))
    victim.expect_silence(0.2)


def test_an_absent_user_is_told_to_those_who_may_know(server):
    alice, stranger = server.peer("alice"), server.peer("stranger", **STRANGER)
    for user, status in (("nobody", 404), ("carol", 480)):
        invite = alice.invite(f"sip:{user}@example.org")
        response = alice.response()
        alice.ack(invite, response)
        assert response.status == status
        assert answer_to(stranger, "INVITE", f"sip:{user}@example.org", body=SDP).status == 480


def test_a_stranger_cannot_tell_an_absent_user_by_the_time_it_takes(tchind):
    server = tchind(users={"carol": "christmas"}, traces=False)
    stranger = server.peer("stranger", **STRANGER)
    took = {"carol": [], "nobody": []}
    for _ in range(150):
        for user, times in took.items():
            request = stranger.request("MESSAGE", f"sip:{user}@example.org")
            began = time.perf_counter()
            stranger.send(request)
            assert stranger.response().status == 480
            times.append(time.perf_counter() - began)
    known, unknown = (statistics.quantiles(times, n=10)[0] for times in took.values())  # where others were not in the way
    assert 0.5 < known / unknown < 2, took


def test_a_lab_asks_nobody_and_tells_everybody(tchind):
    server = tchind(users={"carol": "christmas"}, options=["--no-auth"])
    alice, bob = server.peer("alice"), server.peer("bob", password=None)
    assert bob.register().status == 200
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)
    assert answer_to(alice, "INVITE", "sip:nobody@example.org").status == 404
    assert answer_to(alice, "INVITE", "sip:carol@example.org").status == 480
    assert any("no-auth" in line for line in server.log), "it says so loudly"


def test_an_alias_receives_but_does_not_log_in(server):
    done = server.tool("user", "alias", "add", "sip:sales@example.org", "sip:bob@example.org", "--data", server.data)
    assert done.returncode == 0, done.stderr
    alice, bob = server.registered("alice"), server.registered("bob")
    caller_end, _ = establish(alice, bob, "sip:sales@example.org")
    finish(caller_end, bob)
    assert server.peer("sales", password="builder").register().status == 401


# --- contacts ---


def test_contacts_are_tried_in_falling_order_of_q_and_equals_together(server):
    alice = server.peer("alice")
    first, second, third = (server.peer("bob") for _ in range(3))
    contacts = [f"<{first.contact_uri}>;q=0.9", f"<{second.contact_uri}>;q=0.5", f"<{third.contact_uri}>;q=0.5"]
    assert first.register(contacts=contacts).status == 200
    invite = alice.invite(first.aor)
    at_first = first.expect("INVITE")
    second.expect_silence()
    third.expect_silence()
    first.respond(at_first, 486)
    first.expect("ACK")
    at_second, at_third = second.expect("INVITE"), third.expect("INVITE")
    third.respond(at_third, 180)  # RFC 3261 9.1: before a 1xx, no CANCEL
    alice.expect(180)
    ok = second.respond(at_second, 200, body=SDP)
    third.respond(third.expect("CANCEL"), 200)
    third.respond(at_third, 487)
    caller_end = Dialog(alice, invite, alice.expect(200), True)
    caller_end.ack()
    second.expect("ACK")
    finish(Dialog(second, at_second, ok, False), alice)


def test_contacts_without_q_ring_together(server):
    alice = server.peer("alice")
    phones = [server.peer("bob") for _ in range(3)]
    assert phones[0].register(contacts=[f"<{phone.contact_uri}>" for phone in phones]).status == 200
    invite = alice.invite(phones[0].aor)
    at_phones = [phone.expect("INVITE") for phone in phones]
    for phone, received in zip(phones, at_phones):
        phone.respond(received, 486)
        phone.expect("ACK")
    alice.ack(invite, alice.expect(486))


# --- limits ---


def fill_up(caller, callee, count, body):
    """So many calls at once, of which the callee refuses those that reach him. Returns the answers to the caller."""
    for _ in range(count):
        caller.send(caller.request("INVITE", callee.aor, body=body))
    reached, answers = set(), {}
    while len(answers) < count:
        while (message := callee.receive(0.02)) is not None:
            if message.method == "INVITE" and message.get("Call-ID") not in reached:
                reached.add(message.get("Call-ID"))
                callee.respond(message, 180)
        response = caller.receive(0.02)
        if response is not None and response.status > 100:
            answers[response.get("Call-ID")] = response
    return reached, answers.values()


@pytest.mark.parametrize("transport, conf, count, body_bytes", [("udp", "max_transactions = 100", 70, 0),
                                                                ("tcp", "max_parked_bytes = 1M", 30, 50000)])
def test_at_a_ceiling_what_is_new_gets_503(tchind, tmp_path, transport, conf, count, body_bytes):
    server = tchind(options=[*configured(tmp_path, f"{conf}\nworkers = 1\n"), "--no-auth"])
    bob, alice = server.registered("bob", transport), server.peer("alice", transport)
    reached, answers = fill_up(alice, bob, count, body_bytes * b"x")
    refused = [answer for answer in answers if answer.status != 180]
    assert 0 < len(reached) < count and len(refused) == count - len(reached)
    assert all(answer.status == 503 and int(answer.get("Retry-After")) > 0 for answer in refused)
    idle = server.peer("carol", transport)
    assert answer_to(idle, "OPTIONS", "sip:example.org").status == 200, "what takes no state is answered still"
    server.kill()


def test_who_stops_answers_what_is_under_way_and_refuses_what_is_new(tchind):
    server = tchind(options=["--no-auth"])
    alice, bob, late = server.peer("alice"), server.registered("bob"), server.peer("late")
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 180)
    alice.expect(180)
    server.process.send_signal(signal.SIGTERM)
    server.wait_refusing()
    refused = answer_to(late, "MESSAGE", bob.aor)
    assert refused.status == 503 and int(refused.get("Retry-After")) > 0
    bob.respond(at_bob, 486)
    alice.ack(invite, alice.expect(486))


def test_who_has_nothing_to_do_stops_at_once(tchind):
    server = tchind()
    server.process.send_signal(signal.SIGTERM)
    assert server.ends_well(1)


def test_who_stops_does_not_wait_for_ever(tchind):
    server = tchind(options=["--no-auth"])
    alice, bob = server.peer("alice"), server.registered("bob")
    alice.invite(bob.aor)
    bob.respond(bob.expect("INVITE"), 180)
    alice.expect(180)
    server.process.send_signal(signal.SIGTERM)
    assert server.ends_well(5)


def test_a_call_that_is_on_can_be_ended_while_the_server_stops(tchind):
    server = tchind(options=["--no-auth"])
    alice, bob, carol = server.peer("alice"), server.registered("bob"), server.registered("carol")
    alice_end, _ = establish(alice, bob, bob.aor)
    server.peer("waiting").invite(carol.aor)  # keeps the server busy
    ringing = carol.expect("INVITE")
    server.process.send_signal(signal.SIGTERM)
    server.wait_refusing()
    finish(alice_end, bob)
    carol.respond(ringing, 486)
    assert server.ends_well(2)


def test_a_response_to_nothing_is_dropped(server):
    alice, bob = server.peer("alice"), server.peer("bob")
    request = alice.request("OPTIONS", "sip:bob@example.org")
    response = Message("SIP/2.0 200 OK", [("Via", bob.via()), ("Via", alice.via()), *request.headers[2:]])
    response.headers[0] = ("Via", f"SIP/2.0/UDP {server.host}:{server.port};branch=z9hG4bKnobody")
    bob.send(response)
    alice.expect_silence()
    assert answer_to(alice, "OPTIONS", "sip:example.org").status in (200, 407)


@pytest.mark.parametrize("octets", [b"Content-Length: 70000\r\n\r\n", b"Subject: " + b"x" * 70000])
def test_more_than_64_kib_on_a_stream_gets_513_and_the_connection_closes(server, octets):
    alice = server.peer("alice", "tcp")
    head = alice.request("MESSAGE", "sip:bob@example.org").octets().partition(b"Content-Length")[0]
    try:
        alice.send(head + octets)
    except OSError:
        pass  # it closes before we are done, and rightly so
    assert alice.response().status == 513
    deadline = time.monotonic() + 2
    while alice.channels and time.monotonic() < deadline:
        alice.receive(0.1)
    assert alice.channels == []
    assert answer_to(alice, "OPTIONS", "sip:example.org").status == 200, "on a new one all is well"
