"""
Where requests go: Route, maddr, Record-Route and its token, loops and spirals. RFC 3261 16.4 to 16.6
and 16.12, RFC 3327, RFC 5393 4, RFC 5658.
"""

import re
import socket

import pytest

from bells import answer
from sip import SDP, Dialog, establish, finish, place, uri_of

STRANGER = {"domain": "elsewhere.example", "password": None}


@pytest.fixture
def lab(tchind):
    return tchind(options=["--no-auth"])


def authenticated(alice, method, uri, headers=()):
    """A request of a user of ours, sent with credentials."""
    request = alice.send(alice.request(method, uri, headers=headers))
    challenge = alice.expect(407)
    if method == "INVITE":
        alice.ack(request, challenge)
    return alice.again(request, challenge)


def routes(*uris):
    return [("Route", f"<{uri}>") for uri in uris]


# --- Route ---


@pytest.mark.parametrize("spread", ["in one field", "in several"])
@pytest.mark.parametrize("ours", [1, 2])
def test_values_of_route_that_are_ours_are_removed_and_no_others(server, ours, spread):
    alice, bob, edge = server.peer("alice"), server.registered("bob"), server.peer("edge")
    own = [f"<sip:{server.host};lr>", f"<sip:example.org;lr;ours=2>"][:ours]
    others = [f"<sip:{place(edge)};lr>;x=1", "\"a, b\" <sip:further.example;lr>"]
    values = own + others
    lines = [",  ".join(values)] if spread == "in one field" else values
    authenticated(alice, "MESSAGE", "sip:carol@third.example", [("Route", line) for line in lines])
    got = edge.expect("MESSAGE")
    assert got.uri == "sip:carol@third.example"
    assert got.lines("Route") == ([",  ".join(others)] if spread == "in one field" else others)
    assert b"\r\nRoute: " in got.raw
    edge.respond(got, 200)
    alice.expect(200)
    bob.expect_silence(0.05)


def test_a_request_whose_only_routes_are_ours_goes_where_its_uri_says(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    authenticated(alice, "MESSAGE", bob.aor, routes(f"sip:{server.host}:{server.port};lr"))
    got = bob.expect("MESSAGE")
    assert got.uri == bob.contact_uri and got.lines("Route") == []
    bob.respond(got, 200)
    alice.expect(200)


def test_route_in_any_case_and_with_odd_spaces_is_ours(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    authenticated(alice, "MESSAGE", bob.aor, [("rOUTE", f"  \"us\"  <sip:EXAMPLE.org;LR> ; x ,<sip:{server.host};lr>")])
    got = bob.expect("MESSAGE")
    assert got.lines("Route") == []
    bob.respond(got, 200)
    alice.expect(200)


def test_a_stranger_cannot_route_through_us(server):
    stranger, edge = server.peer("stranger", **STRANGER), server.peer("edge")
    for headers in (routes(f"sip:{place(edge)};lr"), routes(f"sip:{server.host};lr", f"sip:{place(edge)};lr")):
        stranger.send(stranger.request("MESSAGE", "sip:bob@example.org", headers=headers))
        stranger.expect(403)
    edge.expect_silence(0.1)


def test_a_malformed_route_gets_400(server):
    alice = server.peer("alice")
    for value in ("<sip:", "no uri at all <", f"<sip:{server.host};lr>, <sip:@;lr>"):
        alice.send(alice.request("MESSAGE", "sip:bob@example.org", headers=[("Route", value)]))
        assert "Route" in alice.expect(400).start


def test_a_strict_router_ahead_finds_its_uri_in_the_request_line(server):
    alice, strict = server.peer("alice"), server.peer("strict")
    uri = f"sip:old@{place(strict)};x=y"
    authenticated(alice, "MESSAGE", "sip:carol@third.example;user=phone",
                  [("Route", f"<{uri}>, <sip:further.example;lr>"), ("Subject", "between"), ("Route", "<sip:last.example>")])
    got = strict.expect("MESSAGE")
    assert got.uri == uri
    assert got.values("Route") == ["<sip:further.example;lr>", "<sip:last.example>", "<sip:carol@third.example;user=phone>"]
    strict.respond(got, 200)
    alice.expect(200)


def test_a_strict_router_behind_is_understood(server):
    """It put our own Record-Route value into the request line: RFC 3261 16.4 and 16.12.1.2."""
    alice, bob = server.registered("alice"), server.registered("bob")
    alice_end, bob_end = establish(alice, bob, bob.aor)
    ours = uri_of(alice_end.routes[0])
    for routing in ([f"<{bob.contact_uri}>"], [f"<sip:{server.host};lr>", f"<{bob.contact_uri}>"]):
        alice_end.cseq += 1
        bye = alice.request("INFO", ours, call_id=alice_end.call_id, cseq=alice_end.cseq)
        bye.set("From", alice_end.local).set("To", alice_end.remote)
        bye.headers += [("Route", value) for value in routing]
        alice.send(bye)
        got = bob.expect("INFO")
        assert got.uri == bob.contact_uri and got.lines("Route") == []
        bob.respond(got, 200)
        alice.expect(200)
    finish(bob_end, alice)


def test_a_path_becomes_the_route(server):
    """RFC 3327 5.1, 5.4."""
    alice, bob, edge = server.peer("alice"), server.peer("bob"), server.peer("edge")
    path = [f"<sip:{place(edge)};lr>", "<sip:inner.example;lr>"]
    assert bob.register(headers=[("Supported", "path"), ("Path", path[0]), ("Path", path[1])]).status == 200
    authenticated(alice, "MESSAGE", bob.aor)
    got = edge.expect("MESSAGE")
    assert got.uri == bob.contact_uri and got.values("Route") == path
    edge.respond(got, 200)
    alice.expect(200)


# --- the request line ---


def test_a_request_line_has_neither_method_nor_headers(lab):
    alice, bob = lab.peer("alice"), lab.peer("bob")
    contact = f"<sip:bob@{place(bob)};x=1;method=MESSAGE;Y?Subject=hello>"
    assert bob.register(contacts=[contact]).status == 200
    alice.send(alice.request("MESSAGE", bob.aor))
    got = bob.expect("MESSAGE")
    assert got.uri == f"sip:bob@{place(bob)};x=1;Y"
    bob.respond(got, 200)
    alice.expect(200)


def test_a_maddr_of_ours_is_as_good_as_none(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    for uri in (f"sip:bob@example.org;maddr={server.host}", f"sip:bob:pw@example.org:5060;maddr={server.host};transport=udp",
                "sip:bob@example.org;maddr=EXAMPLE.ORG"):
        authenticated(alice, "MESSAGE", uri)
        got = bob.expect("MESSAGE")
        assert got.uri == bob.contact_uri
        bob.respond(got, 200)
        alice.expect(200)


def test_a_maddr_of_others_is_where_the_request_goes_but_not_for_strangers(server):
    alice, bob, other = server.peer("alice"), server.registered("bob"), server.peer("other")
    uri = f"sip:bob@example.org:{other.port};maddr={other.host}"
    authenticated(alice, "MESSAGE", uri)
    got = other.expect("MESSAGE")
    assert got.uri == uri
    other.respond(got, 200)
    alice.expect(200)

    stranger = server.peer("stranger", **STRANGER)
    stranger.send(stranger.request("MESSAGE", uri))
    stranger.expect(403)
    stranger.send(stranger.request("ACK", uri))
    for peer in (bob, other):
        peer.expect_silence(0.1)


# --- Record-Route and its token ---


@pytest.mark.parametrize("method, records", [("INVITE", True), ("SUBSCRIBE", True), ("REFER", True), ("NEWFANGLED", True),
                                             ("MESSAGE", False), ("OPTIONS", False), ("PUBLISH", False)])
def test_requests_that_may_begin_a_dialog_are_record_routed(lab, method, records):
    alice, bob = lab.peer("alice"), lab.registered("bob")
    request = alice.send(alice.request(method, bob.aor, headers=[("Record-Route", "<sip:before.example;lr>")]))
    got = bob.expect(method)
    values = got.values("Record-Route")
    assert values[-1] == "<sip:before.example;lr>" and len(values) == 1 + records
    if records:
        assert re.fullmatch(rf"<sip:{re.escape(lab.host)}:{lab.port};lr;tk=[\w-]{{52}}>", values[0])
    bob.respond(got, 486 if method == "INVITE" else 200)
    response = alice.response()
    if method == "INVITE":
        alice.ack(request, response)


def test_requests_of_a_dialog_pass_from_both_sides_without_credentials(server):
    alice, bob = server.registered("alice"), server.registered("bob")
    alice_end, bob_end = establish(alice, bob, bob.aor)
    for end, other in ((alice_end, bob), (bob_end, alice)):
        end.request("INVITE", body=SDP)
        again = other.expect("INVITE")
        assert again.lines("Route") == [] and again.get("Proxy-Authorization") is None
        answer(other, again)
        end.peer.expect(200)
        end.ack()
        other.expect("ACK")
        end.request("INFO")
        other.respond(other.expect("INFO"), 200)
        end.peer.expect(200)
    finish(bob_end, alice)


def test_a_stranger_may_speak_in_his_dialog_and_be_spoken_to(server):
    stranger, bob = server.peer("stranger", **STRANGER), server.registered("bob")
    stranger_end, bob_end = establish(stranger, bob, bob.aor)
    for end, other in ((stranger_end, bob), (bob_end, stranger)):
        end.request("INFO")
        other.respond(other.expect("INFO"), 200)
        end.peer.expect(200)
    finish(stranger_end, bob)


def other_token(token):
    return token[:-1] + ("0" if token[-1] != "0" else "1")


@pytest.mark.parametrize("who, refusal", [("alice", 407), ("stranger", 403)])
def test_a_token_that_is_wrong_or_missing_or_of_another_dialog_opens_nothing(server, who, refusal):
    caller = server.registered("alice") if who == "alice" else server.peer("stranger", **STRANGER)
    bob = server.registered("bob")
    first, _ = establish(caller, bob, bob.aor)
    second, _ = establish(caller, bob, bob.aor)
    right = first.routes
    for wrong in ([re.sub(r"tk=(\w+)", lambda m: "tk=" + other_token(m[1]), r) for r in right],
                  [re.sub(r";tk=\w+", "", r) for r in right], [re.sub(r"tk=\w+", "tk", r) for r in right],
                  [re.sub(r"tk=\w+", "tk=0", r) for r in right], second.routes, []):
        first.routes = wrong
        first.request("INFO")
        assert caller.response().status == refusal, wrong
    first.routes = right
    bob.expect_silence(0.1)
    finish(first, bob)
    finish(second, bob)


@pytest.mark.parametrize("rewrite", [lambda r: r, lambda r: r.replace("sip:", "SIP:"), lambda r: r.replace(";lr", ";x;lr"),
                                     lambda r: r.replace("<", '"us" <'), lambda r: r + ";x=y", lambda r: r.replace("tk=", "TK="),
                                     lambda r: f"{r}, {r}"])
def test_a_record_of_ours_opens_the_dialog_however_it_is_written(server, rewrite):
    stranger, bob = server.peer("stranger", **STRANGER), server.registered("bob")
    end, _ = establish(stranger, bob, bob.aor)
    right, end.routes = end.routes, [rewrite(route) for route in end.routes]
    end.request("INFO")
    got = bob.expect("INFO")
    assert got.values("Route") == []
    bob.respond(got, 200)
    stranger.expect(200)
    end.routes = right
    finish(end, bob)


def test_a_token_is_worth_nothing_outside_of_a_dialog(server):
    stranger, bob, other = server.peer("stranger", **STRANGER), server.registered("bob"), server.peer("other")
    end, _ = establish(stranger, bob, bob.aor)
    request = stranger.request("MESSAGE", f"sip:x@{place(other)}", call_id=end.call_id, cseq=50)
    request.set("From", end.local)
    request.headers += [("Route", value) for value in end.routes]
    stranger.send(request)
    stranger.expect(403)
    other.expect_silence(0.1)
    finish(end, bob)


def test_tokens_outlive_the_server(server):
    alice, bob = server.registered("alice"), server.registered("bob")
    alice_end, _ = establish(alice, bob, bob.aor)
    server.kill()
    server.start()
    finish(alice_end, bob)


# --- two sides ---


def test_udp_on_one_side_and_tcp_on_the_other_are_both_recorded(lab):
    for ours, theirs in (("udp", "tcp"), ("tcp", "udp")):
        alice, bob = lab.peer("alice", ours), lab.registered("bob", theirs)
        invite = alice.invite(bob.aor)
        at_bob = bob.expect("INVITE")
        sides = [f"<sip:{lab.host}:{lab.port}{';transport=tcp' if t == 'tcp' else ''};lr" for t in (theirs, ours)]
        values = at_bob.values("Record-Route")
        assert len(values) == 2 and all(value.startswith(side) for value, side in zip(values, sides))
        ok = answer(bob, at_bob)
        alice_end = Dialog(alice, invite, alice.expect(200), True)
        bob_end = Dialog(bob, at_bob, ok, False)
        alice_end.ack()
        assert bob.expect("ACK").lines("Route") == []
        for end, other in ((alice_end, bob), (bob_end, alice)):
            end.request("INFO")
            got = other.expect("INFO")
            assert got.lines("Route") == []
            other.respond(got, 200)
            end.peer.expect(200)
        finish(bob_end, alice)


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6")
def test_ipv4_on_one_side_and_ipv6_on_the_other_are_both_recorded(tchind):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        port = probe.getsockname()[1]
    lab = tchind(options=["--no-auth", "--listen", f"udp:[::1]:{port}"])
    alice = lab.peer("alice")
    bob = lab.peer("bob")
    six = type(bob)("bob", ("::1", port))
    lab.peers.append(six)
    assert six.register().status == 200
    invite = alice.invite(bob.aor)
    at_bob = six.expect("INVITE")
    values = at_bob.values("Record-Route")
    assert [value.split(";")[0] for value in values] == [f"<sip:[::1]:{port}", f"<sip:{lab.host}:{lab.port}"]
    assert at_bob.values("Via")[0].startswith(f"SIP/2.0/UDP [::1]:{port};")
    ok = answer(six, at_bob)
    alice_end = Dialog(alice, invite, alice.expect(200), True)
    alice_end.ack()
    assert six.expect("ACK").lines("Route") == []
    bob_end = Dialog(six, at_bob, ok, False)
    bob_end.request("INFO")
    alice.respond(alice.expect("INFO"), 200)
    six.expect(200)
    finish(alice_end, six)


def test_a_request_that_goes_by_tcp_for_its_size_does_not_record_that(lab):
    """RFC 5658 6.2: what follows may be small, and the phone asked for datagrams."""
    alice, bob = lab.peer("alice"), lab.registered("bob")
    stream = lab.peer("bob", "tcp", host=bob.host, port=bob.port)
    invite = alice.invite(bob.aor, headers=[("Subject", "s" * 1300)])
    got = stream.expect("INVITE")
    assert got.get("Via").startswith("SIP/2.0/TCP ")
    assert [value.split(";tk")[0] for value in got.values("Record-Route")] == [f"<sip:{lab.host}:{lab.port};lr"]
    stream.respond(got, 486)
    stream.expect("ACK")
    alice.ack(invite, alice.expect(486))


def test_what_is_too_large_falls_back_to_a_datagram_where_nobody_takes_streams(lab):
    alice, bob = lab.peer("alice"), lab.registered("bob")
    body = b"x" * 3000
    alice.send(alice.request("MESSAGE", bob.aor, body=body))
    got = bob.expect("MESSAGE", seconds=1)
    assert got.get("Via").startswith("SIP/2.0/UDP ") and got.body == body
    bob.respond(got, 200)
    alice.expect(200)


# --- loops and spirals ---


def test_a_contact_that_points_back_at_its_own_address_is_a_loop(server):
    alice, bob = server.peer("alice"), server.peer("bob")
    for contact in (bob.aor, f"sip:bob@{server.host}:{server.port}"):
        assert bob.register(contacts=[f"<{contact}>"]).status == 200
        authenticated(alice, "MESSAGE", bob.aor)
        assert alice.response().status == 482
        bob.register(contacts=["*"], expires=0)


def test_two_who_point_at_each_other_are_a_loop(lab):
    alice, bob, carol = (lab.peer(name) for name in ("alice", "bob", "carol"))
    assert bob.register(contacts=[f"<{carol.aor}>"]).status == 200
    assert carol.register(contacts=[f"<{bob.aor}>"]).status == 200
    invite = alice.invite(bob.aor)
    alice.ack(invite, alice.expect(482))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_contact_that_is_another_user_of_ours_is_a_spiral(server, transport):
    """The second passage has no credentials, for the first has consumed them."""
    alice, bob, carol = server.registered("alice", transport), server.peer("bob"), server.registered("carol", transport)
    assert bob.register(contacts=[f"<{carol.aor};transport={transport}>"]).status == 200
    invite = alice.invite(bob.aor)
    at_carol = carol.expect("INVITE")
    assert at_carol.uri == carol.contact_uri and len(at_carol.values("Via")) == 3
    assert at_carol.get("Max-Forwards") == "68"
    ok = answer(carol, at_carol)
    alice_end = Dialog(alice, invite, alice.expect(200), True)
    alice_end.ack()
    assert len(carol.expect("ACK").values("Via")) == 2, "both passages in one"
    carol_end = Dialog(carol, at_carol, ok, False)
    carol_end.request("INFO")
    alice.respond(alice.expect("INFO"), 200)
    carol.expect(200)
    finish(alice_end, carol)


def test_a_spiral_is_cancelled_as_a_whole(server):
    alice, bob, carol = server.peer("alice"), server.peer("bob"), server.registered("carol")
    assert bob.register(contacts=[f"<{carol.aor}>"]).status == 200
    invite = alice.invite(bob.aor)
    at_carol = carol.expect("INVITE")
    carol.respond(at_carol, 180)
    alice.expect(180)
    alice.cancel(invite)
    alice.expect(200)
    carol.respond(carol.expect("CANCEL"), 200)
    carol.respond(at_carol, 487)
    carol.expect("ACK")
    alice.ack(invite, alice.expect(487))


def test_who_repeats_what_we_sent_to_him_gains_nothing(server):
    """Only the very bytes that we have sent pass without credentials, and they lead where they led before."""
    alice, bob, other = server.peer("alice"), server.registered("bob"), server.peer("other")
    authenticated(alice, "MESSAGE", bob.aor)
    got = bob.expect("MESSAGE")
    elsewhere = got.raw.replace(got.uri.encode(), f"sip:x@{place(other)}".encode(), 1)
    bob.send(re.sub(rb"(?m)^(Via:.*)\r$", rb"\1;rport\r", elsewhere, count=1))
    bob.expect(407)
    other.expect_silence(0.1)
    bob.respond(got, 200)
    alice.expect(200)


def test_the_same_request_by_two_ways_is_no_error(lab):
    """Merged requests are the business of user agents: RFC 3261 16.3."""
    alice, bob = lab.peer("alice"), lab.registered("bob")
    request = alice.request("MESSAGE", bob.aor)
    for _ in range(2):
        alice.send(request.set("Via", alice.via()))
        got = bob.expect("MESSAGE")
        bob.respond(got, 200)
        alice.expect(200)


def test_a_request_that_another_proxy_sends_back_to_another_user_is_a_spiral(lab):
    alice, bob, carol = lab.peer("alice"), lab.registered("bob"), lab.registered("carol")
    alice.send(alice.request("MESSAGE", bob.aor))
    at_bob = bob.expect("MESSAGE")
    again = type(at_bob)(f"MESSAGE {carol.aor} SIP/2.0", [("Via", bob.via()), *at_bob.headers], at_bob.body)
    bob.send(again)
    at_carol = carol.expect("MESSAGE")
    carol.respond(at_carol, 200)
    back = bob.expect(200)
    back.headers.remove(("Via", back.lines("Via")[0]))
    bob.send(back)
    alice.expect(200)
