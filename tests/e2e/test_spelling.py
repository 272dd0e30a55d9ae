"""
What RFC 3261 7.3.1 lets one write in several ways means the same in each. The server's whole world
is made twice, with the same keys, clock and chance; one hears a conversation as phones spell it, the
other hears it spelt oddly, which leaves every fast path. Both must say the same.
"""

import re
import subprocess

import pytest

import servers
import sip

OURS = "192.0.2.1:5060"
ALICE, BOB = "203.0.113.7", "203.0.113.8"
SHORT_NAMES = {long: short for short, long in sip.LONG_NAMES.items()}
LISTS = {"via", "route", "record-route", "contact", "allow", "supported", "unsupported", "accept"}
PROGRAM = servers.BIN / "counts"

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="built without TCHIN_BENCH")


class World:
    """bench/counts with its --talk."""

    def __init__(self, folder, spell):
        folder.mkdir()
        self.spell = spell
        self.process = subprocess.Popen([PROGRAM, "--talk"], cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def say(self, host, text):
        """What is sent thereupon: (address, message), and how it reads when spelling is no matter."""
        message = self.spell(text).encode()
        self.process.stdin.write(f"{host} 5060 {len(message)}\n".encode() + message)
        self.process.stdin.flush()
        sent = []
        while line := self.process.stdout.readline().strip():
            address, _, length = line.decode().rsplit(" ", 2)
            sent.append((address, self.process.stdout.read(int(length)).decode()))
        assert self.process.poll() is None, sent
        return sent

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(30) == 0


# --- reading without regard to spelling ---


def fields(message):
    """[(name, value)], a row for each value of a list."""
    head, _, _ = message.partition("\r\n\r\n")
    lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")[1:]
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        name = sip.LONG_NAMES.get(name, name)
        for single in sip.split_values(value) if name in LISTS else [value.strip()]:
            yield name, single


# Of our branches two hashes are over text as it is written: the second part, with Route (RFC 5393
# 4.2.1), and the first of an ACK (RFC 3261 16.11). Who repeats a request does not spell it anew.
SECOND_PART = re.compile(rf"({re.escape(OURS)};branch=\w+)\.\w+")
BOTH_PARTS = re.compile(rf"({re.escape(OURS)};branch=)\w+\.\w+")

SPACE_AROUND_MARKS = re.compile(r"\s*([;=,<>/:])\s*")


def squeezed(text):
    """Without space that means nothing, which it does inside quotes."""
    parts = re.split(r'("[^"]*")', text)
    return "".join(part if i % 2 else SPACE_AROUND_MARKS.sub(r"\1", re.sub(r"\s+", " ", part))
                   for i, part in enumerate(parts)).strip()


def plainly(message):
    """Start line, fields in the order of their names, body."""
    message = (BOTH_PARTS if message.startswith("ACK ") else SECOND_PART).sub(r"\1", message)
    start, _, _ = message.partition("\r\n")
    _, _, body = message.partition("\r\n\r\n")
    values = [(name, squeezed(text)) for name, text in fields(message) if name != "x-odd"]
    return start, sorted(values, key=lambda field: field[0]), body


def value(message, name):
    return next(v for n, v in fields(message) if n == name)


# --- the conversation ---


def request(method, uri, caller, number, cseq=1, to=None, to_tag="", extra=(), body="", host=ALICE):
    branch = f"z9hG4bK{number}.{method.replace('CANCEL', 'INVITE')}{cseq}"
    lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP {host}:5060;branch={branch};rport",
             "Max-Forwards: 70", f'From: "Phone, {caller}" <sip:{caller}@example.org>;tag=from-{number}',
             f"To: <{to or uri}>{to_tag}", f"Call-ID: call-{number}@{host}", f"CSeq: {cseq} {method}", *extra,
             f"Content-Length: {len(body)}"]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def response(asked, status, body="", contact=None):
    copied = [f"{name.title()}: {v}" for name, v in fields(asked) if name in ("via", "record-route", "from", "call-id", "cseq")]
    to = value(asked, "to")
    contacts = [f"Contact: <{contact}>"] if contact else []
    return "\r\n".join([f"SIP/2.0 {status}", *copied, f"To: {to}{'' if 'tag' in to else ';tag=callee'}", *contacts,
                        f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body


def to_whom(sent, method):
    return next(message for _, message in sent if message.startswith(method + " "))


def converse(world):
    """All that the server says."""
    said = []

    def say(host, text):
        sent = world.say(host, text)
        said.extend((address, *plainly(message)) for address, message in sent)
        return sent

    bob = "sip:bob@example.org"
    register = dict(uri="sip:example.org", caller="bob", to=bob, host=BOB)
    say(ALICE, request("OPTIONS", "sip:example.org", "alice", 1))
    say(BOB, request("REGISTER", number=2, extra=[f"Contact: <sip:bob@{BOB}:5060;line=1>;q=0.8, <sip:bob@{BOB}:5062>;q=0.3",
                                                 "Expires: 600", "Supported: path, gruu"], **register))
    say(BOB, request("REGISTER", number=2, cseq=2, extra=["Contact: *", "Expires: 0"], **register))
    say(BOB, request("REGISTER", number=2, cseq=3, extra=[f"Contact: <sip:bob@{BOB}:5060;line=1>;expires=900"], **register))
    say(BOB, request("REGISTER", number=2, cseq=3, extra=[f"Contact: <sip:bob@{BOB}:5060;line=1>;expires=90"], **register))

    message = request("MESSAGE", bob, "alice", 3, body="Hello: hello", extra=["Content-Type: text/plain"])
    say(BOB, response(to_whom(say(ALICE, message), "MESSAGE"), "200 OK"))
    say(ALICE, message)

    offer = ["Contact: <sip:alice@203.0.113.7:5060>", "Allow: INVITE, ACK, BYE, CANCEL", "Content-Type: application/sdp"]
    asked = to_whom(say(ALICE, request("INVITE", bob, "alice", 4, extra=offer, body="v=0\r\n")), "INVITE")
    say(BOB, response(asked, "180 Ringing"))
    answer = say(BOB, response(asked, "200 OK", "v=0\r\n", f"sip:bob@{BOB}:5060;line=1"))[0][1]
    route = ["Route: " + ", ".join(v for n, v in fields(answer) if n == "record-route")]
    within = dict(uri=f"sip:bob@{BOB}:5060;line=1", caller="alice", number=4, to=bob, to_tag=";tag=callee", extra=route)
    say(ALICE, request("ACK", **within))
    say(BOB, response(to_whom(say(ALICE, request("BYE", cseq=2, **within)), "BYE"), "200 OK"))

    asked = to_whom(say(ALICE, request("INVITE", bob, "alice", 5, extra=offer)), "INVITE")
    say(BOB, response(asked, "180 Ringing"))
    say(BOB, response(to_whom(say(ALICE, request("CANCEL", bob, "alice", 5)), "CANCEL"), "200 OK"))
    say(BOB, response(asked, "487 Request Terminated"))

    say(ALICE, request("OPTIONS", bob, "alice", 6, extra=["Proxy-Require: magic, spells"]))
    say(ALICE, request("OPTIONS", bob, "alice", 7).replace("Max-Forwards: 70", "Max-Forwards: 0"))
    say(ALICE, request("OPTIONS", bob, "alice", 8).replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"))
    say(ALICE, request("MESSAGE", "sip:nobody@example.org", "alice", 9))
    return said


# --- spellings ---


def each_line(change):
    """A spelling that changes every header line: change(name, value)."""

    def spell(message):
        head, end, body = message.partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        return "\r\n".join([start, *(change(*line.split(": ", 1)) for line in lines)]) + end + body

    return spell


def backwards(message):
    head, end, body = message.partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    kept = [line for line in lines if re.match("Via|Route|Record-Route|Contact", line)]
    return "\r\n".join([start, *reversed([line for line in lines if line not in kept]), *kept]) + end + body


def spaced(name, text):
    parts = re.split(r'("[^"]*"|<[^>]*>)', text)
    return f"{name}: " + "".join(part if i % 2 else re.sub("([;=,])", r" \1 ", part) for i, part in enumerate(parts))


SPELLINGS = {
    "compact": each_line(lambda name, text: f"{SHORT_NAMES.get(name.lower(), name)}: {text}"),
    "small": each_line(lambda name, text: f"{name.lower()}: {text}"),
    "large": each_line(lambda name, text: f"{name.upper()}: {text}"),
    "mixed case": each_line(lambda name, text: f"{name.swapcase()}: {text}"),
    "no space": each_line(lambda name, text: f"{name}:{text}"),
    "space before the colon": each_line(lambda name, text: f"{name} \t: \t {text}  "),
    "folded at the beginning": each_line(lambda name, text: f"{name}:\r\n {text}"),
    "folded at every space": each_line(lambda name, text: f"{name}: " + re.sub(' (?=[^"]*(?:"[^"]*"[^"]*)*$)', "\r\n\t ", text)),
    "space around the marks": each_line(spaced),
    "a line without a name between": each_line(lambda name, text: f"X-Odd: \xe9, \"\r\n{name}: {text}"),
    "another order": backwards,
}


def as_text(said):
    address, start, values, body = said
    return "\n".join([f"to {address}: {start}", *map(": ".join, values), body])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spelling_is_no_matter(tmp_path, spelling):
    plain, odd = World(tmp_path / "plain", str), World(tmp_path / "odd", SPELLINGS[spelling])
    expected, heard = converse(plain), converse(odd)
    for one, other in zip(expected, heard):
        assert as_text(one) == as_text(other)
    assert len(expected) == len(heard)
    plain.close()
    odd.close()
