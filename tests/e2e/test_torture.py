"""
The torture messages of RFC 4475 and RFC 5118, sent as they stand over UDP and over TCP to a server
that asks for no passwords and answers for the domains they name. What concerns only a user agent
is forwarded: somebody is registered for every Request-URI that has a user.
"""

import pathlib
import re
import time

import pytest

from servers import own_address
from sip import Message, Peer

MESSAGES = pathlib.Path(__file__).resolve().parent.parent / "messages"
DOMAINS = ["example.com", "example.org", "example.net", "chair-dnrc.example.com", "services.example.com",
           "registrar.example.com", "company.com", "host.example.net", "[2001:db8::10]", "[2001:db8::10:5070]",
           "[2001:db8::192.0.2.1]"]

FORWARDED, SILENCE, CLOSED = "forwarded", "silence", "closed"
BAD = {400}
BAD_AND_CLOSED = {400, CLOSED}  # framing is lost: the answer may or may not come first
UNANSWERABLE = {400, SILENCE, CLOSED}  # no Via to answer along

# What may become of each over UDP, and over TCP where that differs.
RFC4475 = {
    # 3.1.1: valid
    "wsinv": [{FORWARDED}],
    "intmeth": [{FORWARDED}],
    "esc01": [{FORWARDED}],
    "escnull": [{200}],
    "esc02": [{404, 405, 501}],
    "lwsdisp": [{FORWARDED}],
    "longreq": [{FORWARDED}],
    "dblreq": [{200}, {200, 404, CLOSED}],  # on a stream a second message, and then octets that are none
    "semiuri": [{FORWARDED}],
    "transports": [{FORWARDED}],
    "mpart01": [{FORWARDED}],
    "unreason": [{SILENCE}],
    "noreason": [{SILENCE}],
    # 3.1.2: invalid
    "badinv01": [UNANSWERABLE],
    "clerr": [BAD, {SILENCE}],
    "ncl": [BAD, BAD_AND_CLOSED],
    "scalar02": [BAD],
    "scalarlg": [{SILENCE}],
    "quotbal": [BAD],
    "ltgtruri": [BAD],
    "lwsruri": [BAD],
    "lwsstart": [BAD],
    "trws": [BAD],
    "escruri": [BAD],
    "baddate": [{FORWARDED, 400}],
    "regbadct": [BAD],
    "badaspec": [BAD],
    "baddn": [BAD],
    "badvers": [{505}],
    "mismatch01": [BAD],
    "mismatch02": [{501, 400}],
    "bigcode": [{SILENCE}],
    # 3.2 to 3.4
    "badbranch": [{FORWARDED, 400}],
    "insuf": [BAD],
    "unkscm": [{416}],
    "novelsc": [{416}],
    "unksm2": [BAD],
    "bext01": [{420}],
    "invut": [{FORWARDED}],
    "regaut01": [{200}],
    "multi01": [BAD],
    "mcl01": [BAD, BAD_AND_CLOSED],
    "bcast": [{SILENCE}],
    "zeromf": [{483}],
    "cparam01": [{200}],
    "cparam02": [{200}],
    "regescrt": [{200}],
    "sdp01": [{FORWARDED}],
    "inv2543": [{FORWARDED}, BAD_AND_CLOSED],  # no Content-Length, which a stream needs: RFC 3261 18.3
}
RFC5118 = {
    "ipv6-good": [{200}],
    "ipv6-bad": [BAD],
    "port-ambiguous": [{200}],
    "port-unambiguous": [{200, 403, 404, 480, 500, SILENCE}],  # well formed; whether port 5070 is ours is our affair
    "via-received-param-with-delim": [{481, 200, 405, 501}],
    "via-received-param-no-delim": [{200}],
    "ipv6-in-sdp": [{FORWARDED}],
    "mult-ip-in-header": [{FORWARDED, 481}],
    "mult-ip-in-sdp": [{FORWARDED}],
    "ipv4-mapped-ipv6": [{FORWARDED}],
    "ipv6-bug-abnf-3-colons": [{FORWARDED}],
    "ipv6-correct-abnf-2-colons": [{FORWARDED}],
}
CASES = [(folder, name, transport, outcomes[-1 if transport == "tcp" else 0])
         for folder, table in (("rfc4475", RFC4475), ("rfc5118", RFC5118))
         for name, outcomes in table.items() for transport in ("udp", "tcp")]


def test_every_torture_message_has_its_row():
    assert {p.stem for p in (MESSAGES / "rfc4475").glob("*.sip")} == set(RFC4475)
    assert {p.stem for p in (MESSAGES / "rfc5118").glob("*.sip")} == set(RFC5118)


def address_of_record(octets):
    """The Request-URI as an AoR, if it has a user."""
    uri = octets.split(b"\r\n")[0].decode("latin-1").split(" ", 1)[-1].rsplit(" SIP/", 1)[0].strip()
    found = re.match(r"<?(sips?:.+@[^;?>]+)", uri)
    return found and found[1].replace(":::", "::")


def register_for(aor, sink):
    request = sink.request("REGISTER", "sip:" + aor.rsplit("@")[-1], to=f"<{aor}>")
    sink.send(request.set("From", f"<{aor}>;tag=1"))
    assert sink.response().status == 200, f"{aor} cannot be registered"


def reply_port(octets):
    """Where the answer goes over UDP: to the port in the top Via, 5060 without one; RFC 3261 18.2.2."""
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", octets)
    via = re.search(rb"(?im)^(?:via|v)\s*:\s*([^\r,]*)", unfolded)
    port = via and re.match(rb"[^;]*?[^:]:\s*(\d+)\s*(?:;|$)", re.sub(rb"\[[^\]]*\]", b"v6", via[1]))
    return int(port[1]) if port else 5060


def outcome_of(sender, sink, seconds=1.0):
    """What becomes of the message that `sender` has just sent; and the message in which one sees it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        message = sink.receive(0.02)
        if message is not None and message.is_request:
            sink.respond(message, 200)
            return FORWARDED, message
        message = sender.receive(0.02)
        if message is not None and message.status is not None and message.status >= 200:
            return message.status, message
        if sender.transport == "tcp" and not sender.channels:
            return CLOSED, None
    return SILENCE, None


@pytest.fixture
def world(tchind):
    """A lab server and a sink for what it forwards; mpart01 has a Route to 127.0.0.1:5080, so that is the server too."""

    def start(octets, transport):
        options = ["--no-auth"]
        if b"Route: <sip:127.0.0.1:5080>" in octets:
            options += ["--listen", "udp:127.0.0.1:5080", "--listen", "tcp:127.0.0.1:5080"]
        server = tchind(domains=DOMAINS, options=options)
        sink = server.peer("sink")
        aor = address_of_record(octets)
        if aor is not None:
            register_for(aor, sink)
        sender = Peer("sender", server.address, transport=transport, host=own_address(),
                      port=reply_port(octets) if transport == "udp" else 0)
        server.peers.append(sender)
        return server, sender, sink

    return start


@pytest.mark.parametrize("folder, name, transport, allowed", CASES, ids=[f"{c[1]}-{c[2]}" for c in CASES])
def test_a_torture_message_is_treated_as_its_table_says(world, folder, name, transport, allowed):
    octets = (MESSAGES / folder / f"{name}.sip").read_bytes()
    if name == "baddn" and transport == "tcp":
        octets += b"\r\n"  # the archive's file lacks the empty line, without which a stream would wait
    server, sender, sink = world(octets, transport)
    sender.send(octets)
    outcome, message = outcome_of(sender, sink)
    assert outcome in allowed, f"{outcome}: {message}"
    CLOSER_LOOKS.get(name, lambda *_: None)(server, sender, message, octets)

    ping = server.peer("pinger")
    ping.send(ping.request("OPTIONS", f"sip:{server.host}"))
    assert ping.response().status == 200, "the server has not survived it"


# --- a closer look at some ---


def body_is_untouched(_server, _sender, message, octets):
    assert message.body == octets.partition(b"\r\n\r\n")[2]


def unknown_headers_are_untouched(_server, _sender, message, octets):
    assert b"\r\nUnknownHeaderWithUnusualValue: ;;,,;;,;\r\n" in message.raw
    assert b"\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n" in message.raw


def unsupported_are_named(_server, _sender, message, _octets):
    named = {value.lower() for value in message.values("Unsupported")}
    assert named == {"noproxiessupportthis", "nordoanyproxiessupportthis"}


def contacts_of(server, aor):
    peer = server.peer("reader")
    request = peer.request("REGISTER", "sip:example.com", to=f"<{aor}>", contact="")
    peer.send(request.set("From", f"<{aor}>;tag=2"))
    return peer.response().values("Contact")


def contact_has(aor, *parts):
    def look(server, *_):
        contacts = contacts_of(server, aor)
        for part in parts:
            assert any(part in contact for contact in contacts), contacts

    return look


def rest_of_a_datagram_is_no_message(_server, sender, _message, _octets):
    assert sender.transport == "tcp" or sender.receive(0.5) is None


CLOSER_LOOKS = {
    "wsinv": unknown_headers_are_untouched,
    "mpart01": body_is_untouched,
    "bext01": unsupported_are_named,
    "dblreq": rest_of_a_datagram_is_no_message,
    "escnull": contact_has("sip:null-%00-null@example.com", "<sip:%00@host5.example.com>",
                           "<sip:%00%00@host5.example.com>"),
    "cparam01": contact_has("sip:watson@example.com", "<sip:+19725552222@gw1.example.net>;"),
    "cparam02": contact_has("sip:watson@example.com", "<sip:+19725552222@gw1.example.net;unknownparam>"),
    "regescrt": contact_has("sip:user@example.com", "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"),
}


def test_forwarding_takes_nothing_from_a_message_but_what_the_rfc_says(tchind):
    """RFC 3261 16.6: what is not Via, Max-Forwards, Record-Route or the Request-URI arrives as it was sent."""
    server = tchind(options=["--no-auth"])
    bob, alice = server.registered("bob"), server.peer("alice")
    odd = [("x-ODD", "  kept   as it is;;,"), ("Subject", "\"\\\"\" <>"), ("k", "timer,100rel")]
    sent = alice.send(alice.request("MESSAGE", bob.aor, headers=odd, body=bytes(range(256))))
    got = bob.expect("MESSAGE")
    ours = {"via", "max-forwards", "max-breadth", "record-route"}
    assert [h for h in got.headers if h[0].lower() not in ours] == [
        h for h in Message.parse(sent.octets()).headers if h[0].lower() not in ours]
    for name, value in odd[:1]:
        assert f"\r\n{name}: {value}\r\n".encode() in got.raw
    assert got.body == sent.body
    bob.respond(got, 200)
    alice.expect(200)
