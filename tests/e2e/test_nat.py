"""
Phones behind NATs, and what keeps the way to them open: RFC 5626, STUN (RFC 8489).
"""

import json
import re
import signal
import struct
import time

import pytest

from phones import Baresip
from servers import configured
from sip import Dialog, Message, Peer, credentials, establish, finish, param_of, place, unique, uri_of

COOKIE = 0x2112A442
STRANGER = {"domain": "elsewhere.example", "password": None}
INSIDE = "192.168.7.2"  # what phones behind NATs take for their address


# --- STUN on the UDP port of SIP: RFC 5626 8 ---


def binding_request(transaction=b"abcdefghijkl", attributes=b""):
    return struct.pack("!HHI", 1, len(attributes), COOKIE) + transaction + attributes


def ask(peer, octets):
    """What comes back for a datagram; None if nothing does."""
    peer.socket.sendto(octets, peer.server)
    peer.socket.settimeout(1)
    try:
        return peer.socket.recv(65536)
    except TimeoutError:
        return None
    finally:
        peer.socket.settimeout(None)


def test_a_stun_binding_request_is_told_where_it_came_from(server):
    alice = server.registered("alice")
    answer = ask(alice, binding_request())
    kind, length, cookie = struct.unpack("!HHI", answer[:8])
    assert (kind, length, cookie) == (0x0101, 12, COOKIE)
    assert answer[8:20] == b"abcdefghijkl"
    attribute, size, family, port, ip = struct.unpack("!HHHHI", answer[20:])
    assert (attribute, size, family) == (0x0020, 8, 1)
    assert port ^ COOKIE >> 16 == alice.port
    assert ".".join(str(byte) for byte in struct.pack("!I", ip ^ COOKIE)) == alice.host


def test_what_is_no_binding_request_gets_no_answer_and_sip_goes_on(server):
    alice = server.registered("alice")
    assert ask(alice, b"\0\1\0\0" + b"x" * 16) is None
    assert ask(alice, b"\0") is None
    assert alice.register(cseq=100).status == 200


# --- phones that know nothing of their NAT ---


class Hidden(Peer):
    """A phone behind a NAT, which names an address that is of no use to anybody else."""

    def __init__(self, *arguments, inside=INSIDE, **options):
        super().__init__(*arguments, **options)
        suffix = ";transport=tcp" if self.transport == "tcp" else ""
        self.inside = inside
        self.contact_uri = f"sip:{self.user}@{inside}:5060{suffix}"

    def via(self):
        return f"SIP/2.0/{self.transport.upper()} {self.inside}:5060;branch=z9hG4bK{unique.next('b')};rport"

    def rebind(self):
        """The NAT gives it another port, and what comes to the old one is lost."""
        self.socket.close()
        self.socket = type(self.socket)(self.socket.family, self.socket.type)
        self.socket.bind((self.host, 0))
        self.port = self.socket.getsockname()[1]


def hidden(server, user, transport="udp", **options):
    settings = {"domain": server.domain, "password": server.users.get(user), **options}
    phone = Hidden(user, server.address, transport=transport, **settings)
    server.peers.append(phone)
    return phone


def registered(phone):
    assert phone.register().status == 200
    return phone


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("both", [False, True])
def test_a_phone_behind_a_nat_is_called_and_spoken_to_along_its_flow(server, transport, both):
    alice = registered(hidden(server, "alice", transport)) if both else server.registered("alice")
    bob = registered(hidden(server, "bob", transport, inside="10.0.0.9"))
    alice_end, bob_end = establish(alice, bob, bob.aor)
    assert "10.0.0.9" in alice_end.remote_target
    for end, other in ((alice_end, bob), (bob_end, alice)):
        end.request("INFO")
        got = other.expect("INFO")
        assert got.uri == end.remote_target
        other.respond(got, 200)
        end.peer.expect(200)
    finish(alice_end, bob)
    bob_end = establish(bob, alice, alice.aor)[0]
    finish(bob_end, alice)


def test_a_stranger_behind_a_nat_may_call_and_is_spoken_to(server):
    bob = registered(hidden(server, "bob"))
    stranger = hidden(server, "stranger", inside="172.16.0.5", **STRANGER)
    stranger_end, bob_end = establish(stranger, bob, bob.aor)
    bob_end.request("INFO")
    stranger.respond(stranger.expect("INFO"), 200)
    bob.expect(200)
    finish(stranger_end, bob)


def test_what_is_too_large_for_a_datagram_goes_by_the_flow_all_the_same(server):
    alice, bob = server.registered("alice"), registered(hidden(server, "bob"))
    alice.invite(bob.aor, headers=[("Subject", "s" * 1300)])
    assert bob.expect("INVITE", seconds=1).get("Via").startswith("SIP/2.0/UDP ")


def test_a_dialog_survives_a_nat_that_gives_new_ports(server):
    """As soon as the phone has registered anew, and the other side need not know."""
    alice, bob = server.registered("alice"), registered(hidden(server, "bob"))
    alice_end, bob_end = establish(alice, bob, bob.aor)
    bob.rebind()
    assert bob.register(cseq=50).status == 200
    alice_end.request("INFO")
    bob.respond(bob.expect("INFO"), 200)
    alice.expect(200)
    finish(bob_end, alice)


def test_contacts_of_others_at_private_addresses_are_believed_where_there_is_no_nat(server):
    """A gateway that somebody registers from another host of the same network."""
    alice, clerk = server.registered("alice"), server.peer("bob")
    gateway = server.peer("gateway")
    assert clerk.register(contacts=[f"<{gateway.contact_uri}>"]).status == 200
    alice.invite(clerk.aor)
    gateway.expect("INVITE")
    clerk.expect_silence(0.05)


# --- a stream that closes takes its flow with it ---


def test_who_lost_his_connection_is_unreachable_at_once_until_he_comes_back(server, within):
    alice, bob = server.registered("alice"), registered(hidden(server, "bob", "tcp"))
    bob.channels[0].connection.close()
    bob.channels.clear()
    with within(0, 1):
        invite = alice.invite(bob.aor)
        alice.ack(invite, alice.expect(480))
    assert bob.register(cseq=10).status == 200
    finish(establish(alice, bob, bob.aor)[0], bob)


def test_who_is_unreachable_is_shown_as_such(server):
    bob, carol = registered(hidden(server, "bob", "tcp")), registered(hidden(server, "carol"))

    def shown():
        lines = server.tool("location", "list", "--json", "--data", server.data).stdout.splitlines()
        table = server.tool("location", "list", "--data", server.data).stdout
        assert table.count("unreachable") == sum(not json.loads(line)["reachable"] for line in lines)
        return {row["aor"].split("@")[0]: row["reachable"] for row in map(json.loads, lines)}

    assert shown() == {"bob": True, "carol": True}
    server.hang_up(bob.channels.pop().connection)
    assert shown() == {"bob": False, "carol": True}
    assert bob.register(cseq=10).status == 200
    assert shown() == {"bob": True, "carol": True}


def test_who_is_turned_away_by_a_server_that_stops_is_told_various_times(server):
    alice, bob = server.registered("alice"), server.registered("bob")
    alice.invite(bob.aor)
    bob.expect("INVITE")  # unanswered: so the server waits for a while
    server.process.send_signal(signal.SIGTERM)
    server.wait_refusing()
    phones = [server.peer("carol") for _ in range(12)]
    for phone in phones:
        phone.send(phone.request("REGISTER", "sip:example.org", to=f"<{phone.aor}>"))
    times = {int(phone.expect(503).get("Retry-After")) for phone in phones}
    assert len(times) > 2 and min(times) >= 5 and max(times) <= 35


def test_a_dialog_with_who_lost_his_connection_is_refused_at_once(server):
    alice, bob = server.registered("alice"), registered(hidden(server, "bob", "tcp"))
    alice_end, _ = establish(alice, bob, bob.aor)
    server.hang_up(bob.channels.pop().connection)
    alice_end.request("INFO")
    alice.expect(480)
    assert bob.register(cseq=10).status == 200
    finish(alice_end, bob)


def test_after_a_restart_bindings_of_datagrams_stay_and_those_of_streams_wait(server):
    alice, bob = server.registered("alice"), registered(hidden(server, "bob", "tcp"))
    carol = registered(hidden(server, "carol"))
    server.kill()
    server.start()
    bob.channels.clear()
    finish(establish(alice, carol, carol.aor)[0], carol)
    invite = alice.invite(bob.aor)
    alice.ack(invite, alice.expect(480))
    assert bob.register(cseq=10).status == 200
    finish(establish(alice, bob, bob.aor)[0], bob)


# --- no open relay: what a stranger may do with the token of his call ---


@pytest.mark.parametrize("callee", ["in the open", "behind a NAT"])
def test_who_once_called_a_user_of_ours_cannot_send_anywhere_through_us(server, callee):
    stranger, victim = server.peer("stranger", **STRANGER), server.peer("victim")
    bob = server.registered("bob") if callee == "in the open" else registered(hidden(server, "bob"))
    end, bob_end = establish(stranger, bob, bob.aor)
    own_routes, own_target = end.routes, end.remote_target
    for target, routes in ((victim.contact_uri, own_routes), (own_target, own_routes + [f"<sip:{place(victim)};lr>"]),
                           (f"sip:x@nowhere.example;maddr={victim.host}", own_routes)):
        end.remote_target, end.routes = target, routes
        for method in ("INFO", "ACK", "BYE"):
            end.request(method)
    victim.expect_silence(0.5)
    heard = set()
    while (message := bob.receive(0.2)) is not None:
        heard.add(message.method)
    assert heard == {"INFO", "ACK", "BYE"}, "they go where the dialog is"


def test_who_takes_the_part_of_the_other_side_cannot_either(server):
    stranger, victim, bob = server.peer("stranger", **STRANGER), server.peer("victim"), server.registered("bob")
    end, bob_end = establish(stranger, bob, bob.aor)
    end.local, end.remote, end.remote_target = bob_end.local, bob_end.remote, victim.contact_uri
    for method in ("INFO", "BYE"):
        end.request(method)
        assert stranger.response().status == 407
    end.request("ACK")
    victim.expect_silence(0.3)


@pytest.mark.parametrize("to", ["bob", "carol"])
def test_a_stranger_in_his_dialog_cannot_speak_as_a_user_of_ours(server, to):
    stranger, bob, carol = server.peer("stranger", **STRANGER), server.registered("bob"), server.registered("carol")
    end, _ = establish(stranger, bob, bob.aor)
    tag = param_of(end.local, "tag")
    end.local = f"<sip:alice@example.org>;tag={tag}"
    if to == "carol":
        end.remote_target, end.remote = carol.aor, f"<{carol.aor}>;tag=x"
    end.request("MESSAGE", body=b"it is me")
    assert stranger.response().status == 407
    bob.expect_silence(0.1)
    carol.expect_silence(0.1)


def test_a_token_that_a_forged_request_earns_is_of_no_more_use(server):
    """
    Who calls twice in one, once as if behind a NAT, may have a re-INVITE of the other side's delivered to
    himself, by his own hand; the token in that must not make him a user of ours.
    """
    bob, victim = server.registered("bob"), server.peer("victim")
    stranger = hidden(server, "stranger", **STRANGER)
    end, bob_end = establish(stranger, bob, bob.aor)
    in_the_open = Peer("stranger", server.address, domain="elsewhere.example", host=stranger.host)
    server.peers.append(in_the_open)
    second = in_the_open.request("INVITE", bob.aor, call_id=end.call_id, cseq=2)
    in_the_open.send(second.set("From", end.local))
    open_routes = bob.expect("INVITE").values("Record-Route")

    end.local, end.remote = bob_end.local, bob_end.remote
    end.request("INVITE")
    earned = stranger.receive().values("Record-Route")
    end.remote_target = victim.contact_uri
    for routes in (earned, earned + open_routes, open_routes + earned):
        end.routes = routes
        end.request("INFO")
    victim.expect_silence(0.3)


# --- media: what is seen of them ---


MEDIA = "media: both behind different NATs and neither offers ICE"


def sdp_at(address, *lines):
    family = "IP6" if ":" in address else "IP4"
    return "\r\n".join(["v=0", f"o=- 1 1 IN {family} {address}", "s=-", f"c=IN {family} {address}", "t=0 0",
                        "m=audio 49170 RTP/AVP 0", *lines, ""]).encode()


@pytest.mark.parametrize("offer, answer, is_said", [
    (sdp_at("192.168.7.2"), sdp_at("10.0.0.9"), True),
    (sdp_at("fd00::2"), sdp_at("10.0.0.9"), True),
    (sdp_at("192.168.7.2"), sdp_at("198.51.100.7"), False),
    (sdp_at("198.51.100.7"), sdp_at("10.0.0.9"), False),
    (sdp_at("192.168.7.2", "a=candidate:1 1 UDP 2130706431 192.168.7.2 49170 typ host"), sdp_at("10.0.0.9"), False),
    (sdp_at("192.168.7.2"), sdp_at("10.0.0.9", "a=ice-ufrag:8hhY"), False),
], ids=["both", "of two families", "callee in the open", "caller in the open", "an offer with ICE", "an answer with ICE"])
def test_media_that_cannot_meet_are_said_once(server, offer, answer, is_said):
    alice, bob = registered(hidden(server, "alice")), registered(hidden(server, "bob", inside="10.0.0.9"))
    invite = alice.invite(bob.aor, body=offer)
    at_bob = bob.expect("INVITE")
    for _ in range(2):
        bob.respond(at_bob, 200, body=answer)
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    bob.expect("ACK")
    finish(end, bob)
    server.stop()
    assert sum(MEDIA in line for line in server.log) == is_said


def test_media_behind_the_same_nat_may_meet(server):
    alice = registered(hidden(server, "alice"))
    bob = registered(hidden(server, "bob", inside="10.0.0.9", host=alice.host))
    end = establish(alice, bob, bob.aor, body=sdp_at("192.168.7.2"))[0]
    finish(end, bob)
    assert not any(MEDIA in line for line in server.log)


# --- RFC 5626: outbound ---


URN = "urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF"  # as in the examples of the RFC
OUTBOUND = [("Supported", "path, outbound")]


def flow_of(phone, reg_id, urn=URN, **params):
    extra = "".join(f";{name}={value}" for name, value in params.items())
    return f'<{phone.contact_uri}>;+sip.instance="<{urn}>";reg-id={reg_id}{extra}'


def outbound(phone, reg_id, cseq=1, headers=(), call_id=None, **options):
    return phone.register(contacts=[flow_of(phone, reg_id, **options)], headers=[*OUTBOUND, *headers], call_id=call_id, cseq=cseq)


def flows_of(server, user, transport="udp", count=2):
    """The flows of one phone, each with a socket of its own."""
    flows = [hidden(server, user, transport) for _ in range(count)]
    for reg_id, flow in enumerate(flows, 1):
        assert outbound(flow, reg_id).status == 200
    return flows


def contacts_of(answer):
    return {param_of(value, "reg-id"): value for value in answer.values("Contact")}


@pytest.mark.parametrize("transport, timer", [("udp", None), ("tcp", "120")])
def test_a_flow_is_registered_and_confirmed(server, transport, timer):
    bob = hidden(server, "bob", transport)
    answer = outbound(bob, 1)
    assert answer.status == 200 and answer.values("Require") == ["outbound"]
    assert answer.get("Flow-Timer") == timer
    assert f'+sip.instance="<{URN}>"' in answer.get("Contact")
    assert bob.register(contacts=[flow_of(bob, 1)], cseq=10).lines("Require") == [], "who says that he knows it not"


def test_of_a_flow_the_newest_registration_counts_and_others_stay(server):
    first, second = flows_of(server, "bob")
    assert sorted(contacts_of(outbound(first, 1, cseq=10))) == ["1", "2"]
    first.rebind()
    answer = outbound(first, 1, cseq=20)
    assert sorted(contacts_of(answer)) == ["1", "2"]
    third = hidden(server, "bob")
    answer = outbound(third, 1, urn="urn:uuid:11111111-0000-1000-8000-AABBCCDDEEFF")
    assert len(answer.values("Contact")) == 3
    answer = second.register(contacts=[flow_of(second, 2, expires=0)], headers=OUTBOUND, cseq=30)
    assert sorted(contacts_of(answer)) == ["1"]


def test_an_instance_is_called_once_by_the_flow_it_registered_last(server):
    alice = server.registered("alice")
    first, second = flows_of(server, "bob")
    finish(establish(alice, second, second.aor)[0], second)
    first.expect_silence(0.1)


def test_where_a_flow_is_closed_the_next_one_is_taken(server):
    alice = server.registered("alice")
    first, second = flows_of(server, "bob", "tcp")
    server.hang_up(second.channels.pop().connection)
    finish(establish(alice, first, first.aor)[0], first)


def test_where_a_flow_fails_the_next_one_is_taken(server, within):
    """The host is there, and nobody listens: an ICMP error comes back."""
    alice = server.registered("alice")
    first, second = flows_of(server, "bob")
    second.socket.close()
    with within(0, 1):
        invite = alice.invite(first.aor)
        at_first = first.expect("INVITE")
    first.respond(at_first, 486)
    alice.ack(invite, alice.expect(486))


def test_when_no_flow_is_left_the_user_is_unavailable_at_once(server):
    alice = server.registered("alice")
    flows = flows_of(server, "bob") + flows_of(server, "carol", "tcp", 1)
    flows[0].socket.close()
    flows[1].socket.close()
    server.hang_up(flows[2].channels.pop().connection)
    for user in ("bob", "carol"):
        invite = alice.invite(f"sip:{user}@example.org")
        alice.ack(invite, alice.expect(480))


@pytest.mark.parametrize("status, goes_on", [(430, True), (408, True), (486, False), (480, False), (503, False)])
@pytest.mark.parametrize("name", [None, "localhost"])
def test_another_flow_is_tried_when_an_edge_could_not_use_one_and_after_no_other_answer(server, status, goes_on, name):
    """RFC 5626 7, RFC 5627 6.1"""
    alice, bob = server.registered("alice"), server.peer("bob")
    edges = [server.peer("edge", host="127.0.0.1" if name else None) for _ in range(2)]
    paths = [f"<sip:token@{name or edge.host}:{edge.port};lr;ob>" for edge in edges]
    for reg_id, path in enumerate(paths, 1):
        assert outbound(bob, reg_id, cseq=10 * reg_id, headers=[("Path", path)]).status == 200
    invite = alice.invite(bob.aor)
    at_edge = edges[1].expect("INVITE")
    assert at_edge.values("Route") == [paths[1]]
    edges[1].respond(at_edge, status)
    if goes_on:
        at_edge = edges[0].expect("INVITE")
        edges[0].respond(at_edge, 430)
        alice.ack(invite, alice.expect(480))
    else:
        edges[0].expect_silence(0.2)
        answer = alice.response()
        assert answer.status == (500 if status == 503 else status)
        alice.ack(invite, answer)


@pytest.mark.parametrize("path, supported, status", [
    (None, True, 439), ("<sip:192.0.2.1;lr>", True, 439), ("<sip:t@192.0.2.1;lr;ob>", True, 200), (None, False, 200)])
def test_a_reg_id_needs_a_first_hop_that_knows_of_it(server, path, supported, status):
    """RFC 5626 6: an edge that is not us has to say so in its Path."""
    bob = server.peer("bob")
    headers = [("Path", path)] if path else []
    if supported:
        headers += OUTBOUND
    request = bob.request("REGISTER", "sip:example.org", to=f"<{bob.aor}>", contact="",
                          headers=[("Contact", flow_of(bob, 1)), *headers])
    request.headers.insert(1, ("Via", "SIP/2.0/UDP 192.168.1.9:5060;branch=z9hG4bKinner;rport"))
    bob.send(request)
    challenge = bob.response()
    retry = bob.request("REGISTER", "sip:example.org")
    retry.headers = [h for h in request.headers]
    retry.set("Via", bob.via())
    retry.headers.append(("Via", "SIP/2.0/UDP 192.168.1.9:5060;branch=z9hG4bKinner2;rport"))
    retry.set("CSeq", "2 REGISTER")
    retry.headers.append(("Authorization", credentials(challenge.get("WWW-Authenticate"), "REGISTER", "sip:example.org", "bob",
                                                       bob.password)))
    bob.send(retry)
    answer = bob.response()
    assert answer.status == status
    assert answer.lines("Require") == (["outbound"] if status == 200 and supported else [])


def test_a_reg_id_beside_another_contact_is_refused(server):
    bob = server.peer("bob")
    answer = bob.register(contacts=[flow_of(bob, 1), "<sip:other@192.0.2.1>"], headers=OUTBOUND)
    assert answer.status == 400 and "reg-id" in answer.start
    answer = bob.register(contacts=[flow_of(bob, 1), "<sip:other@192.0.2.1>;expires=0"], headers=OUTBOUND, cseq=10)
    assert answer.status == 200


@pytest.mark.parametrize("contact", ["<{c}>;reg-id=1", '<{c}>;reg-id=0;+sip.instance="<urn:x>"', '<{c}>;reg-id=x;+sip.instance="<urn:x>"',
                                     '<{c}>;reg-id=4294967296;+sip.instance="<urn:x>"', '<{c}>;reg-id=1;+sip.instance="urn:x"',
                                     '<{c}>;reg-id=1;+sip.instance=x'])
def test_a_reg_id_that_is_none_or_has_no_instance_is_ignored(server, contact):
    alice, bob = server.registered("alice"), server.peer("bob")
    answer = bob.register(contacts=[contact.format(c=bob.contact_uri)], headers=OUTBOUND)
    assert answer.status == 200 and answer.lines("Require") == []
    finish(establish(alice, bob, bob.aor)[0], bob)


def test_outbound_gruu_and_path_may_be_required_of_the_registrar(server):
    bob = server.peer("bob")
    answer = bob.register(contacts=[flow_of(bob, 1)], headers=[*OUTBOUND, ("Require", "outbound, gruu, path")])
    assert answer.status == 200


def test_flows_outlive_the_server(server):
    alice = server.registered("alice")
    first, second = flows_of(server, "bob")
    server.kill()
    server.start()
    finish(establish(alice, second, second.aor)[0], second)


# --- RFC 5627: GRUU ---


GRUU = [("Supported", "gruu")]


def gruus_of(answer, urn=URN):
    value = next(v for v in answer.values("Contact") if urn in v)
    return param_of(value, "pub-gruu").strip('"'), param_of(value, "temp-gruu").strip('"')


def with_gruu(phone, urn=URN, call_id=None, cseq=1, expires=3600):
    contact = f'<{phone.contact_uri}>;+sip.instance="<{urn}>"'
    answer = phone.register(contacts=[contact], headers=GRUU, call_id=call_id, cseq=cseq, expires=expires)
    assert answer.status == 200
    return answer


def test_gruus_are_given_to_who_supports_them(server):
    bob = server.peer("bob")
    public, temporary = gruus_of(with_gruu(bob))
    assert public == f"sip:bob@example.org;gr={URN}"
    assert re.fullmatch(r"sip:tgruu\.[\w-]+@example\.org;gr", temporary)
    answer = bob.register(contacts=[f'<{bob.contact_uri}>;+sip.instance="<{URN}>";pub-gruu="sip:me@x";temp-gruu="sip:y@x"'], cseq=10)
    assert "gruu" not in answer.get("Contact")
    query = bob.register(contacts=[], headers=GRUU, cseq=20)
    assert gruus_of(query)[0] == public


def test_a_gruu_leads_to_its_instance_and_no_other(server):
    alice, desk, mobile = server.registered("alice"), server.peer("bob"), server.peer("bob")
    other = "urn:uuid:11111111-0000-1000-8000-AABBCCDDEEFF"
    gruus = {desk: gruus_of(with_gruu(desk)), mobile: gruus_of(with_gruu(mobile, other), other)}
    for phone, both in gruus.items():
        for gruu in both:
            finish(establish(alice, phone, gruu)[0], phone)
    for phone in gruus:
        phone.expect_silence(0.05)


def test_a_gruu_in_contact_is_followed_within_the_dialog(server):
    alice, bob = registered(hidden(server, "alice")), hidden(server, "bob")
    temporary = gruus_of(with_gruu(bob, call_id="kept"))[1]
    invite = alice.invite(bob.aor)
    at_bob = bob.expect("INVITE")
    bob.respond(at_bob, 200, contact=f"<{temporary}>")
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    assert bob.expect("ACK").uri == bob.contact_uri
    bob.rebind()
    with_gruu(bob, call_id="kept", cseq=10)
    end.request("BYE")
    bob.respond(bob.expect("BYE"), 200)
    alice.expect(200)


def test_temporary_gruus_end_with_the_call_id_or_the_last_contact(server):
    alice, bob = server.registered("alice"), server.peer("bob")
    public, first = gruus_of(with_gruu(bob, call_id="one"))
    second = gruus_of(with_gruu(bob, call_id="one", cseq=10))[1]
    assert first != second
    for gruu in (first, second, public):
        finish(establish(alice, bob, gruu)[0], bob)
    third = gruus_of(with_gruu(bob, call_id="two", cseq=1))[1]

    def refusal(gruu):
        invite = alice.invite(gruu)
        answer = alice.response()
        alice.ack(invite, answer)
        return answer.status

    assert [refusal(first), refusal(second)] == [404, 404]
    for gruu in (third, public):
        finish(establish(alice, bob, gruu)[0], bob)
    with_gruu(bob, call_id="two", cseq=20, expires=0)
    assert [refusal(third), refusal(public)] == [404, 480]
    with_gruu(bob, call_id="two", cseq=30)
    assert refusal(third) == 404
    finish(establish(alice, bob, public)[0], bob)


def test_temporary_gruus_of_several_flows_end_when_one_of_them_changes_its_call_id(server):
    alice = server.registered("alice")
    first, second = (hidden(server, "bob") for _ in range(2))

    def refreshed(flow, reg_id, call_id, cseq):
        answer = outbound(flow, reg_id, cseq=cseq, headers=GRUU, call_id=call_id)
        assert answer.status == 200
        return [param_of(value, "temp-gruu").strip('"') for value in answer.values("Contact")]

    def answer_to(gruu):
        invite = alice.invite(gruu)
        answer = alice.response()
        alice.ack(invite, answer)
        return answer.status

    given = refreshed(first, 1, "one", 1)
    for cseq in (10, 20):
        given += refreshed(second, 2, "two", cseq) + refreshed(first, 1, "one", cseq)
    assert len(given) == 9
    for gruu in given:
        finish(establish(alice, first, gruu)[0], first)
    refreshed(second, 2, "three", 1)
    assert {answer_to(gruu) for gruu in given} == {404}


def test_gruus_outlive_the_server_and_forged_ones_lead_nowhere(server):
    alice, bob = server.registered("alice"), server.peer("bob")
    public, temporary = gruus_of(with_gruu(bob))
    server.kill()
    server.start()
    finish(establish(alice, bob, temporary)[0], bob)
    at = temporary.index("@")
    for forged in (temporary[:at - 1] + ("A" if temporary[at - 1] != "A" else "B") + temporary[at:], "sip:tgruu.@example.org;gr",
                   "sip:bob@example.org;gr", temporary.replace("tgruu.", "")):
        invite = alice.invite(forged)
        alice.ack(invite, alice.expect(404))


@pytest.mark.parametrize("contact", ["sip:bob@example.org", "sip:bob@example.org;gr=urn:x", "mailto:bob@example.org"])
def test_who_registers_himself_for_a_gruu_is_refused(server, contact):
    bob = server.peer("bob")
    answer = bob.register(contacts=[f'<{contact}>;+sip.instance="<{URN}>"'], headers=GRUU)
    assert answer.status == 403


# --- RFC 3608 ---


def test_a_service_route_is_told_where_asked_for(tchind, tmp_path):
    config = tmp_path / "tchin.conf"
    config.write_text("service_route = yes\nflow_timer = 30s\n")
    server = tchind(users={"bob": "builder"}, options=["--config", config])
    for transport in ("udp", "tcp"):
        bob = hidden(server, "bob", transport)
        answer = outbound(bob, 1)
        suffix = ";transport=tcp" if transport == "tcp" else ""
        assert answer.values("Service-Route") == [f"<sip:{server.host}:{server.port}{suffix};lr>"]
        assert answer.get("Flow-Timer") == (None if transport == "udp" else "30")
        assert bob.register(contacts=[], cseq=10).values("Service-Route") == answer.values("Service-Route")


def test_a_phone_is_told_to_ping_before_its_connection_is_closed_as_idle(tchind, tmp_path):
    """RFC 5626 5.4"""
    server = tchind(users={"bob": "builder"}, options=configured(tmp_path, "idle_timeout = 21s\n"))
    assert outbound(hidden(server, "bob", "tcp"), 1).get("Flow-Timer") == "10"


# --- the edge of another domain: RFC 5626 5, RFC 3327 5.2 ---


@pytest.fixture
def edge(tchind, tmp_path):
    """A server that is the edge of another; both."""
    home = tchind(domains=("home.example",), users={"alice": "wonderland", "bob": "builder"})
    config = tmp_path / "edge.conf"
    config.write_text(f"edge_of = {home.host}\n")
    return tchind(domains=("edge.example",), users={"carol": "christmas"}, options=["--config", config]), home


class Beyond(Hidden):
    """A phone that speaks to its registrar through an edge."""

    def request(self, *arguments, headers=(), **options):
        if options.get("call_id") is None:  # in a dialog its routes say the way
            headers = [("Route", f"<sip:{self.server[0]}:{self.server[1]};lr>"), ("Route", f"<sip:{self.home};lr>"), *headers]
        return super().request(*arguments, headers=headers, **options)

    def register(self, **options):
        self.domain, domain = self.home, self.domain
        try:
            return super().register(**options)
        finally:
            self.domain = domain


def beyond(edge, home, user, transport="udp"):
    phone = Beyond(user, edge.address, domain="home.example", transport=transport, password=home.users[user])
    phone.home = f"{home.host}:{home.port}"
    edge.peers.append(phone)
    return phone


def contact_in(server, user):
    shown = server.tool("location", "show", f"{user}@{server.domain}", "--json", "--data", server.data).stdout
    return [json.loads(line) for line in shown.splitlines()]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_edge_brings_a_phone_to_its_domain_and_what_comes_back_to_the_phone(edge, transport):
    edge, home = edge
    bob, alice = beyond(edge, home, "bob", transport), home.registered("alice")
    answer = outbound(bob, 1)
    assert answer.status == 200 and answer.values("Require") == ["outbound"]
    suffix = ";transport=tcp" if "transport=tcp" in answer.get("Path") else ""
    assert re.fullmatch(rf"<sip:[\w-]+@{re.escape(edge.host)}:{edge.port}{suffix};lr;ob>", answer.get("Path"))
    end, bob_end = establish(alice, bob, bob.aor)
    for one, other in ((end, bob), (bob_end, alice)):
        one.request("INFO")
        other.respond(other.expect("INFO"), 200)
        one.peer.expect(200)
    finish(end, bob)
    end, _ = establish(bob, alice, alice.aor)
    finish(end, alice)


def test_a_gruu_beyond_an_edge_is_followed_along_the_route_of_the_dialog_alone(edge):
    """RFC 5627 6.1: the Path is not followed as well."""
    edge, home = edge
    bob, alice = beyond(edge, home, "bob"), home.registered("alice")
    gruu = gruus_of(outbound(bob, 1, headers=GRUU))[0]
    invite = alice.invite(bob.aor)
    bob.respond(bob.expect("INVITE"), 200, contact=f"<{gruu}>")
    end = Dialog(alice, invite, alice.expect(200), True)
    end.ack()
    assert bob.expect("ACK").uri == bob.contact_uri
    end.request("BYE")
    at_bob = bob.expect("BYE")
    assert at_bob.uri == bob.contact_uri and len(at_bob.values("Via")) == 3
    bob.respond(at_bob, 200)
    alice.expect(200)


def test_the_next_flow_is_taken_when_an_edge_has_lost_one(edge):
    edge, home = edge
    alice, flows = home.registered("alice"), [beyond(edge, home, "bob", "tcp") for _ in range(2)]
    for reg_id, flow in enumerate(flows, 1):
        assert outbound(flow, reg_id).status == 200
    edge.hang_up(flows[1].channels.pop().connection)
    finish(establish(alice, flows[0], flows[0].aor)[0], flows[0])
    edge.hang_up(flows[0].channels.pop().connection)
    invite = alice.invite(flows[0].aor)
    alice.ack(invite, alice.expect(480))


def test_a_path_that_the_edge_did_not_give_leads_nowhere(edge):
    edge, home = edge
    bob, stranger = beyond(edge, home, "bob"), edge.peer("stranger", **STRANGER)
    path = uri_of(outbound(bob, 1).get("Path"))
    token = path.removeprefix("sip:").split("@")[0]

    def try_path(user):
        message = stranger.request("MESSAGE", bob.contact_uri, headers=[("Route", f"<{path.replace(token, user)}>")])
        stranger.send(message)

    for forged in (token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1], "x", "AAAAAAAAAAAAAAAA"):
        try_path(forged)
        assert "Forged" in stranger.expect(403).start
    bob.expect_silence(0.1)
    try_path(token)
    bob.respond(bob.expect("MESSAGE"), 200)
    stranger.expect(200)


def test_an_edge_is_no_open_relay(edge):
    edge, home = edge
    stranger, victim = edge.peer("stranger", **STRANGER), edge.peer("victim")
    for uri, headers in ((victim.contact_uri, []), ("sip:bob@home.example", [("Route", f"<sip:{place(victim)};lr>")])):
        stranger.send(stranger.request("MESSAGE", uri, headers=headers))
        stranger.expect(403)
    victim.expect_silence(0.1)


def test_a_phone_that_knows_no_path_and_needs_one_is_told(edge):
    edge, home = edge
    bob = beyond(edge, home, "bob")
    answer = bob.register(contacts=[f"<{bob.contact_uri}>"])
    assert answer.status == 421 and answer.get("Require") == "path"


# --- a real phone that knows of flows ---


class FlowingBaresip(Baresip):
    """With RFC 5626 on: it registers by reg-id, and keeps its flows open by pings of its own."""

    CONFIG = Baresip.CONFIG.replace("module g711.so", "module_tmp uuid.so\nmodule g711.so")

    def _write_account(self):
        super()._write_account()
        accounts = self.folder / "accounts"
        accounts.write_text(accounts.read_text().rstrip("\n") + ";sipnat=outbound\n")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_baresip_registers_flows_and_calls_and_is_called_by_them(server, transport):
    phones = [server.phone(FlowingBaresip, "alice", transport), server.phone(Baresip, "bob")]
    try:
        alice, bob = (phone.start().wait_registered() for phone in phones)
        listed = server.tool("location", "show", alice.aor.removeprefix("sip:"), "--json", "--data", server.data).stdout
        assert ";reg-id=1" in listed and "+sip.instance" in listed
        for caller, callee in ((bob, alice), (alice, bob)):
            caller.call(callee.aor)
            callee.wait_ringing()
            callee.answer()
            for phone in (caller, callee):
                phone.wait_talking()
            callee.hang_up()
            caller.wait_over()
            callee.wait_over()
    finally:
        for phone in phones:
            phone.stop()


# --- the messages of the RFCs ---


@pytest.mark.parametrize("message, reg_ids", [("rfc5626/003-s9.2-REGISTER.sip", ["1"]), ("rfc5626/005-s9.2-REGISTER.sip", ["2"]),
                                              ("rfc5627/001-s6.2-REGISTER.sip", [])])
def test_registrations_of_the_rfcs_are_understood(tchind, corpora, message, reg_ids):
    """Taken as printed, but for the Route to their edge and, where they have none, what marks their end."""
    server = tchind(domains=("example.com",), options=["--no-auth"])
    octets = (corpora / "callflows" / message).read_bytes().rstrip() + b"\r\n\r\n"
    printed = Message.parse(re.sub(rb"(?m)^Route: .*\r\n", b"", octets))
    phone = server.peer("phone", "tcp")
    phone.send(printed)
    answer = phone.response()
    assert answer.status == 200
    supported = printed.get("Supported") or ""
    assert ("outbound" in supported) == (answer.values("Require") == ["outbound"])
    assert re.findall(r";reg-id=(\d+)", answer.get("Contact")) == reg_ids
    if "gruu" in supported:
        assert gruus_of(answer, "urn:uuid:")[0].startswith("sip:callee@example.com;gr=urn:uuid:")
