"""
Forwarding leaves every byte that the RFC does not tell us to change: real messages of real phones,
with no more altered than it takes to send them through a server of ours. RFC 3261 16.6 and 16.7.
"""

import re

import pytest

from sip import Message

NOT_FORWARDED = (b"REGISTER ", b"CANCEL ")  # for us, or hop by hop


def messages(corpora):
    for path in sorted((corpora / "realworld" / "messages").rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()


def split(octets):
    head, _, body = octets.partition(b"\r\n\r\n")
    start, _, headers = head.partition(b"\r\n")
    return start, headers + b"\r\n", body


def fields(headers, *names):
    """The fields of these names, whole: with their folds and line ends."""
    return re.findall(rb"(?im)^(?:" + b"|".join(names) + rb")[ \t]*:(?:.|\r\n[ \t])*\r\n", headers)


def without(headers, *names):
    for field in fields(headers, *names):
        headers = headers.replace(field, b"", 1)
    return headers


def usable(octets):
    """What a proxy may judge: the rest, well formed or not, is none of its business."""
    _, headers, body = split(octets)
    contacts = fields(headers, b"Contact", b"m")
    return all(len(fields(headers, *names)) == 1 for names in ((b"From", b"f"), (b"To", b"t"), (b"Call-ID", b"i"), (b"CSeq",))
               ) and all(b"..." not in c for c in contacts) and len(body) < 60000


def adapted_request(octets, sender, uri):
    """To our user, from this peer; hops of the old world out of the way."""
    start, headers, body = split(octets)
    method = start.split(b" ")[0]
    branch = sender.via().split("branch=")[1].split(";")[0]
    via = f"Via: SIP/2.0/{sender.transport.upper()} {sender.host}:{sender.port};branch={branch}\r\n"
    headers = without(headers, b"Route", b"Proxy-Require")
    if sender.transport == "tcp" and not fields(headers, b"Content-Length", b"l"):
        headers += b"l:%d\r\n" % len(body)
    return method + b" " + uri.encode() + b" SIP/2.0\r\n" + via.encode() + headers + b"\r\n" + body


def expected_request(octets, contact):
    """The request line, and one hop less."""
    start, headers, body = split(octets)
    start = start.split(b" ")[0] + b" " + contact.encode() + b" SIP/2.0"
    headers = re.sub(rb"(?im)^(Max-Forwards[ \t]*:[ \t]*)(\d+)", lambda m: m[1] + b"%d" % (int(m[2]) - 1), headers)
    return start + b"\r\n" + headers + b"\r\n" + body


def without_what_we_add(octets, had_max_forwards, transport, server):
    start, headers, body = split(octets)
    ours = f"{server.host}:{server.port}".encode()
    added = [rb"Via: SIP/2\.0/" + transport.encode() + b" " + ours + rb";branch=z9hG4bK[0-9a-f.]+\r\n",
             rb"Record-Route: <sip:" + ours + rb"(;transport=tcp)?;lr;tk=[\w-]+>\r\n", rb"Max-Breadth: \d+\r\n"]
    if not had_max_forwards:
        added.append(rb"Max-Forwards: 70\r\n")
    for line in added:
        headers = re.sub(rb"(?m)^" + line, b"", headers, count=2 if b"Record" in line else 1)
    return start + b"\r\n" + headers + b"\r\n" + body


def difference(got, expected):
    for i, (a, b) in enumerate(zip(got.split(b"\r\n"), expected.split(b"\r\n"))):
        if a != b:
            return f"line {i}: {a!r} instead of {b!r}"
    return f"{len(got)} octets instead of {len(expected)}: {got[-80:]!r} instead of {expected[-80:]!r}"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_requests_arrive_as_they_were_sent(tchind, corpora, transport):
    server = tchind(options=["--no-auth"], traces=False)
    bob, wrong, count = server.registered("bob", transport), [], 0
    sender = server.peer("sender", transport)
    for name, octets in messages(corpora):
        if octets.startswith((b"SIP/2.0 ", *NOT_FORWARDED)) or not usable(octets):
            continue
        sent = adapted_request(octets, sender, bob.aor)
        had_max_forwards = bool(fields(split(sent)[1], b"Max-Forwards"))
        sender.send(sent)
        got = bob.receive(2)
        if got is None:
            answer = sender.receive(0.1)
            wrong.append(f"{name}: not forwarded: {answer and answer.start}")
            continue
        count += 1
        remains = without_what_we_add(got.raw, had_max_forwards, got.get("Via").split("/")[2].split(" ")[0], server)
        expected = expected_request(sent, bob.contact_uri)
        if remains != expected:
            wrong.append(f"{name}: {difference(remains, expected)}")
        if got.method != "ACK":
            bob.respond(got, 486, contact="")
            sender.response()
        if got.method == "INVITE":
            bob.expect("ACK")
        sender.waiting.clear()
    assert count > 50 and not wrong, "\n".join(wrong)


def adapted_response(octets, request):
    """An answer to `request`: matched by Via, Call-ID and method, so the rest may stay."""
    start, headers, body = split(octets)
    vias = "".join(f"v:   {value}\r\n" for value in request.lines("Via")).encode()
    ids = f"i:{request.get('Call-ID')}\r\nCSeq:  {request.get('CSeq')}\r\n".encode()
    first_via = fields(headers, b"Via", b"v")[0]
    headers = headers.replace(first_via, b"\0\r\n", 1)
    headers = without(headers, b"Via", b"v", b"CSeq", b"Call-ID", b"i").replace(b"\0\r\n", vias + ids)
    return start + b"\r\n" + headers + b"\r\n" + body


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_responses_arrive_as_they_were_sent(tchind, corpora, transport):
    server = tchind(options=["--no-auth"], traces=False)
    bob, alice, wrong, count = server.registered("bob", transport), server.peer("alice", transport), [], 0
    for name, octets in messages(corpora):
        if not octets.startswith(b"SIP/2.0 ") or not fields(split(octets)[1], b"Via", b"v") or not usable(octets):
            continue
        status = int(octets[8:11])
        if status in (100, 408, 503):
            continue  # not forwarded, or not as they are
        method = "INVITE" if status < 200 else "MESSAGE"
        request = alice.send(alice.request(method, bob.aor))
        at_bob = bob.expect(method)
        sent = adapted_response(octets, at_bob)
        if transport == "tcp" and not fields(split(sent)[1], b"Content-Length", b"l"):
            sent = sent.replace(b"\r\n\r\n", b"\r\nl: %d\r\n\r\n" % len(split(sent)[2]), 1)
        bob.send(sent, at_bob.channel)
        got = alice.receive(2)
        while got is not None and got.status == 100:
            got = alice.receive(2)
        if got is None:
            wrong.append(f"{name}: not forwarded")
            continue
        count += 1
        expected = sent.replace(f"v:   {at_bob.lines('Via')[0]}\r\n".encode(), b"", 1)
        if got.raw != expected:
            wrong.append(f"{name}: {difference(got.raw, expected)}")
        if method == "INVITE":
            bob.respond(at_bob, 486, contact="")
            bob.expect("ACK")
            alice.ack(request, alice.response())
    assert count > 40 and not wrong, "\n".join(wrong)


def test_a_body_of_any_octets_is_untouched_in_both_directions(tchind):
    server = tchind(options=["--no-auth"])
    alice, bob = server.peer("alice"), server.registered("bob")
    body = bytes(range(256)) * 4 + b"\r\n\r\nSIP/2.0 200 OK\r\n\r\n\0\0"
    alice.send(alice.request("MESSAGE", bob.aor, body=body))
    got = bob.expect("MESSAGE")
    assert got.body == body
    bob.respond(got, 200, body=body[::-1])
    assert alice.expect(200).body == body[::-1]


def test_what_lies_behind_the_body_of_a_datagram_is_not_forwarded(tchind):
    """RFC 3261 18.3."""
    server = tchind(options=["--no-auth"])
    alice, bob = server.peer("alice"), server.registered("bob")
    alice.send(alice.request("MESSAGE", bob.aor, body=b"1234").octets() + b"5678")
    got = bob.expect("MESSAGE")
    assert got.raw.endswith(b"\r\n\r\n1234")
    bob.send(Message("SIP/2.0 200 OK", [*(("Via", v) for v in got.lines("Via")), *[
        (n, got.get(n)) for n in ("From", "To", "Call-ID", "CSeq")]], b"abc").octets() + b"def")
    assert alice.expect(200).raw.endswith(b"\r\n\r\nabc")


@pytest.mark.parametrize("ours, theirs", [("tcp", "udp"), ("udp", "tcp"), ("udp", "udp")])
def test_a_content_length_is_added_where_a_stream_needs_one(tchind, ours, theirs):
    """RFC 3261 16.6 step 9 and 20.14, in both directions."""
    server = tchind(options=["--no-auth"])
    alice, bob = server.peer("alice", ours), server.registered("bob", theirs)
    request = alice.request("MESSAGE", bob.aor, body=b"hello").octets()
    if ours == "udp":
        request = request.replace(b"Content-Length: 5\r\n", b"")
    alice.send(request)
    got = bob.expect("MESSAGE")
    assert got.body == b"hello" and got.get("Content-Length") == (None if ours == theirs else "5")
    response = Message("SIP/2.0 200 OK", [*(("Via", v) for v in got.lines("Via")), *[
        (n, got.get(n)) for n in ("From", "To", "Call-ID", "CSeq")]], b"hi").octets()
    if theirs == "udp":
        response = response.replace(b"Content-Length: 2\r\n", b"")
    bob.send(response, got.channel)
    ok = alice.expect(200)
    assert ok.body == b"hi" and ok.get("Content-Length") == (None if ours == theirs else "2")
