"""
Phones behind NATs, and what keeps the way to them open: RFC 5626, STUN (RFC 8489).
"""

import struct
import time

import pytest

from sip import Dialog, Peer, establish, finish, unique

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


def test_who_lost_his_connection_is_unreachable_at_once_until_he_comes_back(server):
    alice, bob = server.registered("alice"), registered(hidden(server, "bob", "tcp"))
    bob.channels[0].connection.close()
    bob.channels.clear()
    start = time.monotonic()
    invite = alice.invite(bob.aor)
    alice.ack(invite, alice.expect(480))
    assert time.monotonic() - start < 1
    assert bob.register(cseq=10).status == 200
    finish(establish(alice, bob, bob.aor)[0], bob)


def test_a_dialog_with_who_lost_his_connection_is_refused_at_once(server):
    alice, bob = server.registered("alice"), registered(hidden(server, "bob", "tcp"))
    alice_end, _ = establish(alice, bob, bob.aor)
    bob.channels[0].connection.close()
    bob.channels.clear()
    time.sleep(0.1)
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


def place(peer):
    return f"{peer.host}:{peer.port}"


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
