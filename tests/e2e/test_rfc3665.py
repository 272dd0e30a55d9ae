"""
The flows of RFC 3665, sections 2 and 3, message by message (F1, F2 ... are its names for them),
with "sip:" for "sips:". Where a flow has two proxies, two servers stand for Atlanta and Biloxi; the
domain of Biloxi is its address, so that no DNS is needed.
"""

import pytest

from servers import own_address
from sip import SDP, Dialog, challenge_params, credentials, establish, finish, param_of, uri_of

OTHER_SDP = SDP.replace(b"49170", b"3456")


@pytest.fixture
def bob(server):
    return server.peer("bob")


@pytest.fixture
def proxies(tchind):
    """Atlanta, with alice, and Biloxi, with bob, who is registered there."""
    host = own_address()
    atlanta = tchind(domains=["atlanta.example.com"], users={"alice": "wonderland"})
    biloxi = tchind(domains=[host], host=host, users={"bob": "builder"})
    return atlanta, biloxi, atlanta.registered("alice"), biloxi.registered("bob")


# --- section 2: registration ---


def contacts(response):
    return {uri_of(value): value for value in response.values("Contact")}


def test_2_1_successful_new_registration(bob):
    f1 = bob.send(bob.request("REGISTER", f"sip:{bob.domain}", to=f"<{bob.aor}>"))
    f2 = bob.expect(401)
    assert challenge_params(f2.get("WWW-Authenticate"))["realm"] == bob.domain
    bob.again(f1, f2)
    f4 = bob.expect(200)
    assert list(contacts(f4)) == [bob.contact_uri]
    assert int(param_of(f4.get("Contact"), "expires")) > 0


def test_2_2_update_of_contact_list(bob):
    first = bob.register(call_id="update")
    f2 = bob.register(contacts=["<mailto:bob@biloxi.example.com>"], call_id="update", cseq=10)
    assert first.status == f2.status == 200
    assert set(contacts(f2)) == {bob.contact_uri, "mailto:bob@biloxi.example.com"}


def test_2_3_request_for_current_contact_list(bob):
    bob.register()
    f2 = bob.register(contacts=[])
    assert f2.status == 200
    assert list(contacts(f2)) == [bob.contact_uri]


def test_2_4_cancellation_of_registration(bob):
    bob.register()
    f2 = bob.register(contacts=["*"], expires=0)
    assert f2.status == 200
    assert contacts(f2) == {}
    assert contacts(bob.register(contacts=[])) == {}


def test_2_5_unsuccessful_registration(bob):
    f1 = bob.send(bob.request("REGISTER", f"sip:{bob.domain}", to=f"<{bob.aor}>"))
    f2 = bob.expect(401)
    bob.again(f1, f2, password="not builder")
    f4 = bob.expect(401)
    assert f4.get("WWW-Authenticate") is not None
    assert contacts(bob.register(contacts=[])) == {}


# --- section 3: sessions ---


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_3_1_successful_session_establishment(server, transport):
    alice, bob = server.registered("alice", transport), server.registered("bob", transport)
    alice_end, bob_end = establish(alice, bob, bob.aor)
    finish(bob_end, alice)


def test_3_2_session_establishment_through_two_proxies(proxies):
    atlanta, biloxi, alice, bob = proxies
    f1 = alice.send(alice.request("INVITE", bob.aor, body=SDP))
    f2 = alice.expect(407)
    assert challenge_params(f2.get("Proxy-Authenticate"))["realm"] == atlanta.domain
    alice.ack(f1, f2)
    f4 = alice.again(f1, f2)
    f8 = bob.expect("INVITE")
    assert len(f8.values("Via")) == 3
    assert f8.get("Max-Forwards") == "68"
    assert len(f8.values("Record-Route")) == 2
    assert f8.uri == bob.contact_uri and f8.body == SDP
    bob.respond(f8, 180)
    f11 = alice.expect(180)
    assert len(f11.values("Via")) == 1 and len(f11.values("Record-Route")) == 2
    f12 = bob.respond(f8, 200, body=OTHER_SDP)
    f14 = alice.expect(200)
    assert f14.body == OTHER_SDP
    alice_end = Dialog(alice, f4, f14, True)
    alice_end.ack()
    f17 = bob.expect("ACK")
    assert f17.uri == bob.contact_uri and f17.lines("Route") == [] and len(f17.values("Via")) == 3
    finish(Dialog(bob, f8, f12, False), alice)


def test_3_3_session_with_multiple_proxy_authentication(server):
    alice, proxy2 = server.peer("alice"), server.peer("proxy2")
    uri = f"sip:bob@{proxy2.host}:{proxy2.port}"
    f1 = alice.send(alice.request("INVITE", uri, body=SDP))
    f2 = alice.expect(407)
    alice.ack(f1, f2)
    f4 = alice.again(f1, f2)
    f6 = proxy2.expect("INVITE")
    realm2 = 'Digest realm="biloxi.example.com", qop="auth", nonce="c60f3082ee1212b402a21831ae", algorithm=MD5'
    proxy2.respond(f6, 407, headers=[("Proxy-Authenticate", realm2)])
    proxy2.expect("ACK")
    f9 = alice.expect(407)
    assert realm2 in f9.lines("Proxy-Authenticate")
    alice.ack(f4, f9)

    f11 = alice.request("INVITE", uri, to=f1.get("To"), body=SDP, call_id=f1.get("Call-ID"), cseq=f4.cseq + 1)
    f11.set("From", f1.get("From"))
    both = {f2.get("Proxy-Authenticate"): (alice.password, 2), realm2: ("biloxi's", 1)}
    for challenge, (password, count) in both.items():
        f11.headers.append(("Proxy-Authorization", credentials(challenge, "INVITE", uri, "alice", password, count)))
    alice.send(f11)
    f13 = proxy2.expect("INVITE")
    assert any('realm="biloxi.example.com"' in value for value in f13.lines("Proxy-Authorization"))
    ok = proxy2.respond(f13, 200, body=SDP)
    alice_end = Dialog(alice, f11, alice.expect(200), True)
    alice_end.ack()
    proxy2.expect("ACK")
    finish(Dialog(proxy2, f13, ok, False), alice)


def test_3_4_successful_session_with_proxy_failure(server):
    alice, bob = server.registered("alice"), server.registered("bob")
    nobody = (own_address(), 5060)
    alice.send(alice.request("INVITE", bob.aor, body=SDP), nobody)
    alice.expect_silence()
    alice_end, bob_end = establish(alice, bob, bob.aor)
    finish(bob_end, alice)


def forward(peer, message, to, record_route=False):
    """What the ALG of 3.5 does: a proxy's part, played by `peer`, who is sent the answers too."""
    message.headers.insert(0, ("Via", peer.via()))
    message.set("Max-Forwards", str(int(message.get("Max-Forwards")) - 1))
    own = f"<sip:{peer.host}:{peer.port};lr>"
    message.headers = [(n, v) for n, v in message.headers if not (n == "Route" and uri_of(own) in v)]
    if record_route:
        message.headers.insert(1, ("Record-Route", own))
    return peer.send(message, to)


def hand_back(peer, response, to):
    """And the response, without the ALG's Via."""
    via = next(i for i, (n, _) in enumerate(response.headers) if n == "Via")
    assert f"{peer.host}:{peer.port}" in response.headers[via][1]
    del response.headers[via]
    return peer.send(response, to)


def test_3_5_session_through_a_sip_alg(server):
    alice, bob, alg = server.peer("alice"), server.registered("bob"), server.peer("alg")
    proxy = server.address
    alice.server = (alg.host, alg.port)

    f1 = alice.send(alice.request("INVITE", bob.aor, body=SDP))
    forward(alg, alg.expect("INVITE"), proxy, record_route=True)
    challenge = alg.expect(407)
    alg.ack(challenge_target(f1, challenge), challenge)
    alice.ack(f1, hand_back(alg, challenge, address_of(alice)))
    alg.expect("ACK")
    retry = alice.again(f1, alice.expect(407))
    f2 = forward(alg, alg.expect("INVITE"), proxy, record_route=True)
    f4 = bob.expect("INVITE")
    assert len(f4.values("Record-Route")) == 2 and len(f4.values("Via")) == 3
    bob.respond(f4, 180)
    hand_back(alg, alg.expect(180), address_of(alice))
    alice.expect(180)
    ok = bob.respond(f4, 200, body=OTHER_SDP)
    hand_back(alg, alg.expect(200), address_of(alice))
    alice_end = Dialog(alice, retry, alice.expect(200), True)
    assert uri_of(alice_end.routes[0]) == f"sip:{alg.host}:{alg.port};lr"
    alice_end.ack()
    forward(alg, alg.expect("ACK"), proxy)
    assert bob.expect("ACK").lines("Route") == []
    Dialog(bob, f4, ok, False).request("BYE")
    forward(alg, alg.expect("BYE"), address_of(alice))
    alice.respond(alice.expect("BYE"), 200)
    hand_back(alg, alg.expect(200), proxy)
    bob.expect(200)
    assert f2.body == SDP


def address_of(peer):
    return peer.host, peer.port


def challenge_target(invite, challenge):
    """The INVITE as the ALG sent it on: its own Via on top."""
    sent = type(invite)(invite.start, invite.headers)
    return sent.set("Via", challenge.values("Via")[0])


def test_3_6_session_via_redirect_and_proxy_with_sdp_in_ack(server):
    alice, bob, redirector = server.peer("alice"), server.registered("bob"), server.peer("redirector")
    f1 = alice.send(alice.request("INVITE", bob.aor), address_of(redirector))
    at_redirector = redirector.expect("INVITE")
    redirector.respond(at_redirector, 302, contact=f"<{bob.aor}>")
    f2 = alice.expect(302)
    ack = alice.request("ACK", f1.uri)
    alice.send(ack.set("Via", f1.get("Via")).set("CSeq", "1 ACK").set("Call-ID", f1.get("Call-ID")), address_of(redirector))
    redirector.expect("ACK")

    f4 = alice.invite(uri_of(f2.get("Contact")), body=b"")
    f5 = bob.expect("INVITE")
    assert f5.body == b""
    bob.respond(f5, 180)
    alice.expect(180)
    ok = bob.respond(f5, 200, body=SDP)
    alice_end = Dialog(alice, f4, alice.expect(200), True)
    alice_end.ack(body=OTHER_SDP)
    assert bob.expect("ACK").body == OTHER_SDP
    finish(Dialog(bob, f5, ok, False), alice)


def test_3_7_session_with_re_invite_for_a_new_address(server):
    alice, bob = server.registered("alice"), server.registered("bob")
    alice_end, bob_end = establish(alice, bob, bob.aor)
    moved = server.peer("bob")
    bob_end.peer = moved
    f9 = bob_end.request("INVITE", body=OTHER_SDP)
    f10 = alice.expect("INVITE")
    assert uri_of(f10.get("Contact")) == moved.contact_uri
    alice.respond(f10, 200, body=SDP)
    moved.expect(200)
    bob_end.ack(cseq=f9.cseq)
    alice.expect("ACK")
    alice_end.remote_target = moved.contact_uri
    finish(alice_end, moved)


def test_3_8_unsuccessful_no_answer(proxies):
    _, _, alice, bob = proxies
    f1 = alice.invite(bob.aor)
    f5 = bob.expect("INVITE")
    bob.respond(f5, 180)
    alice.expect(180)
    alice.cancel(f1)
    alice.expect(200)
    f13 = bob.expect("CANCEL")
    assert f13.values("Via") == f5.values("Via")[:1]
    bob.respond(f13, 200)
    bob.respond(f5, 487)
    bob.expect("ACK")
    f18 = alice.expect(487)
    alice.ack(f1, f18)


def test_3_9_unsuccessful_busy(proxies):
    _, _, alice, bob = proxies
    f1 = alice.invite(bob.aor)
    bob.respond(bob.expect("INVITE"), 486)
    bob.expect("ACK")
    alice.ack(f1, alice.expect(486))


def test_3_10_unsuccessful_no_response_from_user_agent(proxies):
    _, _, alice, bob = proxies
    f1 = alice.invite(bob.aor)
    bob.expect("INVITE")
    f20 = alice.response(seconds=40)  # 64 times T1: RFC 3261 17.1.1.2, timer B
    assert f20.status == 408
    alice.ack(f1, f20)


def test_3_11_unsuccessful_temporarily_unavailable(proxies):
    _, _, alice, bob = proxies
    f1 = alice.invite(bob.aor)
    bob.respond(bob.expect("INVITE"), 480)
    bob.expect("ACK")
    alice.ack(f1, alice.expect(480))
