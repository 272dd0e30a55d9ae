"""
A SIP user agent for tests, played message by message: it sends what it is told to, and what it
receives it hands over as it came. It keeps no state but a socket, so a test says every step.
"""

import hashlib
import random
import re
import select
import socket
import ssl
import threading
import time

PATIENCE_S = 4

LONG_NAMES = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
              "c": "content-type", "e": "content-encoding", "s": "subject", "k": "supported", "o": "event",
              "r": "refer-to", "b": "referred-by", "u": "allow-events", "x": "session-expires"}

REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily",
           401: "Unauthorized", 404: "Not Found", 407: "Proxy Authentication Required", 408: "Request Timeout",
           480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
           487: "Request Terminated", 500: "Server Internal Error", 503: "Service Unavailable",
           600: "Busy Everywhere", 603: "Decline"}

SDP = (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       b"m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")


class Numbers:
    """What must differ from message to message, and may be read in a trace."""

    def __init__(self):
        self.last = 0
        self.run = f"{time.time_ns() % 10**12:x}"

    def next(self, kind):
        self.last += 1
        return f"{kind}{self.last}-{self.run}"


unique = Numbers()
claims = []


def claimed(what, count):
    """A number below `count` that no other process on this machine gets, nor this one again, as long as this one lives."""
    for number in random.sample(range(count), count):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0tchin-test-{what}-{number}")  # not in any folder, and gone with its process
        except OSError:
            claim.close()
            continue
        claims.append(claim)
        return number
    raise AssertionError(f"all {what} are taken")


def networks_of_addresses():
    """Addresses of 127/8, which is large enough for every process and test; .0 in the middle is for those that a test names."""
    while True:
        network = claimed("addresses", 200 * 200)
        yield from (f"127.{1 + network // 200}.{1 + network % 200}.{n}" for n in range(1, 251))


own_addresses = networks_of_addresses()
one_at_a_time = threading.Lock()


def own_address():
    """A loopback address of whoever asks, alone."""
    with one_at_a_time:
        return next(own_addresses)


def bracketed(host):
    return f"[{host}]" if ":" in host else host


def place(peer):
    """Where it can be sent to, as a URI says it."""
    return f"{bracketed(peer.host)}:{peer.port}"


def split_values(text):
    """The values of a header field that are separated by commas, quotes and angle brackets minded."""
    values, quoted, depth, start = [], False, 0, 0
    for i, c in enumerate(text):
        if c == '"' and (i == 0 or text[i - 1] != "\\"):
            quoted = not quoted
        elif not quoted and c in "<>":
            depth += 1 if c == "<" else -1
        elif not quoted and depth == 0 and c == ",":
            values.append(text[start:i].strip())
            start = i + 1
    return values + [text[start:].strip()]


def uri_of(value):
    """The URI of a From, To, Contact or Route value."""
    found = re.search(r"<([^>]*)>", value)
    return found[1] if found else value.split(";")[0].strip()


def param_of(value, name):
    """A parameter behind the URI of a value; None if there is none, "" if it has no value."""
    found = re.search(rf";\s*{name}\s*(?:=\s*(\"[^\"]*\"|[^;,\s]*))?(?=;|,|\s|$)", value.split(">")[-1], re.IGNORECASE)
    return None if not found else (found[1] or "")


class Message:
    def __init__(self, start, headers=(), body=b""):
        self.start = start
        self.headers = list(headers)
        self.body = body
        self.channel = None  # where it came from: an address, or a connection

    @classmethod
    def parse(cls, octets):
        head, _, body = octets.partition(b"\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode("latin-1")).split("\r\n")
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        return cls(lines[0], headers, body)

    def octets(self):
        headers = [(n, v) for n, v in self.headers if n.lower() not in ("content-length", "l")]
        lines = [self.start, *(f"{n}: {v}" for n, v in headers), f"Content-Length: {len(self.body)}"]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body

    @property
    def is_request(self):
        return not self.start.startswith("SIP/2.0 ")

    @property
    def status(self):
        return None if self.is_request else int(self.start.split(" ")[1])

    @property
    def method(self):
        return self.start.split(" ")[0] if self.is_request else self.get("CSeq").split()[1]

    @property
    def uri(self):
        return self.start.split(" ")[1]

    @property
    def cseq(self):
        return int(self.get("CSeq").split()[0])

    def lines(self, name):
        wanted = name.lower()
        return [v for n, v in self.headers if LONG_NAMES.get(n.lower(), n.lower()) == wanted]

    def get(self, name):
        found = self.lines(name)
        return found[0] if found else None

    def values(self, name):
        return [value for line in self.lines(name) for value in split_values(line)]

    def set(self, name, value):
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()] + [(name, value)]
        return self

    def __str__(self):
        return self.octets().decode("latin-1")


def challenge_params(value):
    return {k.lower(): v.strip('"') for k, v in re.findall(r'([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,\s]+)', value)}


def credentials(challenge, method, uri, user, password, count=1):
    """The answer to a Digest challenge: RFC 7616 3.4.1, qop "auth" where it is offered."""
    p = challenge_params(challenge)
    algorithm = p.get("algorithm", "MD5")
    hash_of = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm.upper()]

    def digest(*parts):
        return hash_of(":".join(parts).encode()).hexdigest()

    ha1, ha2 = digest(user, p["realm"], password), digest(method, uri)
    fields = [f'username="{user}"', f'realm="{p["realm"]}"', f'nonce="{p["nonce"]}"', f'uri="{uri}"',
              f"algorithm={algorithm}"]
    if "qop" in p:
        nc, cnonce = f"{count:08x}", "0a4f113b"
        fields += ["qop=auth", f"nc={nc}", f'cnonce="{cnonce}"',
                   f'response="{digest(ha1, p["nonce"], nc, cnonce, "auth", ha2)}"']
    else:
        fields.append(f'response="{digest(ha1, p["nonce"], ha2)}"')
    if "opaque" in p:
        fields.append(f'opaque="{p["opaque"]}"')
    return "Digest " + ", ".join(fields)


def read_once(connection):
    """What is there, of TCP or of TLS, when the system says that something is: b"" is the end, None not a whole record."""
    if not isinstance(connection, ssl.SSLSocket):
        return connection.recv(65536)
    connection.setblocking(False)
    try:
        octets = connection.recv(65536)
        while connection.pending():
            octets += connection.recv(65536)
        return octets
    except ssl.SSLWantReadError:
        return None
    except ssl.SSLError:
        return b""
    finally:
        connection.settimeout(PATIENCE_S)


class Channel:
    """One connection, and what of it is not yet a whole message."""

    def __init__(self, connection):
        self.connection = connection
        self.pending = b""

    def next_message(self):
        """Octets of one message: RFC 3261 18.3. None: not all there yet."""
        self.pending = self.pending.lstrip(b"\r\n")
        end = self.pending.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = re.search(rb"^(?:content-length|l)\s*:\s*(\d+)", self.pending[:end], re.IGNORECASE | re.MULTILINE)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self.pending) < whole:
            return None
        octets, self.pending = self.pending[:whole], self.pending[whole:]
        return octets


class Peer:
    """
    One user agent: `server` is the (host, port) it sends to when it does not answer. Unless it is told
    another, its address is its own: at a port that others had before there come answers meant for them.

    By TLS it is a phone, which is reached by the connection that it has opened (`security`: an SSLContext); with
    an `identity`, an SSLContext for a server, it can be connected to.
    """

    def __init__(self, user, server, domain="example.org", password=None, transport="udp", host=None, port=0,
                 security=None, identity=None):
        self.user, self.server, self.domain, self.password = user, server, domain, password
        self.transport = transport
        self.host = host or ("::1" if ":" in server[0] else own_address())
        self.security, self.identity = security, identity
        self.aor = f"sip:{user}@{domain}"
        self.seen = set()
        self.waiting = []
        self.channels = []
        self.socket = None
        if transport == "tls" and identity is None:
            self.port = self.connect().connection.getsockname()[1]
        else:
            self.listen(port)
        suffix = "" if transport == "udp" else f";transport={transport}"
        self.contact_uri = f"sip:{user}@{bracketed(self.host)}:{self.port}{suffix}"

    def listen(self, port):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        kind = socket.SOCK_DGRAM if self.transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(family, kind)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((self.host, port))
        if self.transport != "udp":
            self.socket.listen()
        self.port = self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for channel in self.channels:
            channel.connection.close()
        if self.socket is not None:
            self.socket.close()

    # --- octets ---

    def connect(self):
        """A new connection to the server; send uses the newest."""
        connection = socket.create_connection(self.server, PATIENCE_S, source_address=(self.host, 0))
        if self.transport == "tls":
            connection = self.security.wrap_socket(connection, server_hostname=self.domain)
        self.channels.append(Channel(connection))
        return self.channels[-1]

    def send(self, what, channel=None):
        octets = what if isinstance(what, bytes) else what.octets()
        if self.transport == "udp":
            self.socket.sendto(octets, channel or self.server)
        else:
            channel = channel or (self.channels[-1] if self.channels else self.connect())
            channel.connection.sendall(octets)
        return what

    def _accept(self):
        connection, _ = self.socket.accept()
        if self.transport == "tls":
            connection.settimeout(PATIENCE_S)
            try:
                connection = self.identity.wrap_socket(connection, server_side=True)
            except (ssl.SSLError, OSError):
                return
        self.channels.append(Channel(connection))

    def _gather(self, seconds):
        """Waits for the network once and puts whole messages into `waiting`."""
        sources = [*([] if self.socket is None else [self.socket]), *(c.connection for c in self.channels)]
        ready, _, _ = select.select(sources, [], [], max(0, seconds))
        for source in ready:
            if source is self.socket and self.transport == "udp":
                self._take(*source.recvfrom(65536))
            elif source is self.socket:
                self._accept()
            else:
                self._read(next(c for c in self.channels if c.connection is source))

    def _read(self, channel):
        try:
            octets = read_once(channel.connection)
        except ConnectionResetError:
            octets = b""
        if octets is None:
            return
        if not octets:
            self.channels.remove(channel)
            channel.connection.close()
            return
        channel.pending += octets
        while (message := channel.next_message()) is not None:
            self._take(message, channel)

    def _take(self, octets, channel):
        if not octets.strip():
            return
        message = Message.parse(octets)
        message.channel = channel
        message.raw = octets
        self.waiting.append(message)

    def receive(self, seconds=PATIENCE_S):
        """The next message, repeated or not; None if none comes."""
        end = time.monotonic() + seconds
        while not self.waiting:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self._gather(left)
        return self.waiting.pop(0)

    def expect(self, what, seconds=PATIENCE_S):
        """
        The next message, which must be the request with that method or the response with that status.
        Repeats of what came before are not news, nor is a 100 to who did not ask for it.
        """
        end = time.monotonic() + seconds
        while True:
            message = self.receive(end - time.monotonic())
            assert message is not None, f"{self.user}: no {what} within {seconds} s"
            if message.raw in self.seen and self.transport == "udp":
                continue
            self.seen.add(message.raw)
            if message.status == 100 and what != 100:
                continue
            got = message.method if message.is_request else message.status
            assert got == what, f"{self.user}: {what} was expected, but there came\n{message}"
            return message

    def expect_silence(self, seconds=0.3):
        end = time.monotonic() + seconds
        while (message := self.receive(end - time.monotonic())) is not None:
            assert message.raw in self.seen, f"{self.user}: nothing was expected, but there came\n{message}"

    # --- requests ---

    def via(self):
        return f"SIP/2.0/{self.transport.upper()} {bracketed(self.host)}:{self.port};branch=z9hG4bK{unique.next('b')};rport"

    def request(self, method, uri, to=None, headers=(), body=b"", call_id=None, cseq=1, contact=None):
        """A request outside of dialogs; not sent yet."""
        message = Message(f"{method} {uri} SIP/2.0", [
            ("Via", self.via()), ("Max-Forwards", "70"), ("From", f"<{self.aor}>;tag={unique.next('f')}"),
            ("To", to or f"<{uri}>"), ("Call-ID", call_id or unique.next("c")), ("CSeq", f"{cseq} {method}")], body)
        if contact != "":
            message.headers.append(("Contact", contact or f"<{self.contact_uri}>"))
        if body:
            message.headers.append(("Content-Type", "application/sdp"))
        message.headers += headers
        return message

    def again(self, request, challenge, password=None, user=None, count=1):
        """The same request with credentials, as a new transaction of the same Call-ID; sent."""
        names = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
        asked, given = names[challenge.status]
        retry = Message(request.start, request.headers, request.body)
        retry.headers = [(n, v) for n, v in retry.headers if n != "Via"]
        retry.headers.insert(0, ("Via", self.via()))
        retry.set("CSeq", f"{request.cseq + 1} {request.method}")
        for value in challenge.lines(asked)[:1]:
            retry.headers.append((given, credentials(value, request.method, request.uri, user or self.user,
                                                     password or self.password, count)))
        return self.send(retry)

    def register(self, expires=3600, contacts=None, call_id=None, cseq=1, headers=(), scheme="sip"):
        """Registers with the answer to the challenge, if there is one. Returns the last response."""
        if contacts is None:
            contacts = [f"<{self.contact_uri}>"]
        request = self.request("REGISTER", f"{scheme}:{self.domain}", to=f"<{self.aor}>", call_id=call_id, cseq=cseq, contact="",
                               headers=[*(("Contact", c) for c in contacts), ("Expires", str(expires)), *headers])
        self.send(request)
        response = self.response()
        if response.status == 401 and self.password is not None:
            self.again(request, response)
            response = self.response()
        return response

    def response(self, seconds=PATIENCE_S):
        """The next final response, whatever it says; one to an INVITE is repeated until its ACK has come, and that is no news."""
        end = time.monotonic() + seconds
        while True:
            message = self.receive(end - time.monotonic())
            assert message is not None, f"{self.user}: no response within {seconds} s"
            assert not message.is_request, f"{self.user}: a response was expected, but there came\n{message}"
            is_repeat = message.raw in self.seen and message.method == "INVITE"
            if message.status >= 200 and not is_repeat:
                self.seen.add(message.raw)
                return message

    def invite(self, uri, headers=(), body=SDP, contact=None):
        """Sends an INVITE, with credentials when they are asked for. Returns it as it went at last."""
        invite = self.send(self.request("INVITE", uri, headers=headers, body=body, contact=contact))
        if self.password is None:
            return invite
        challenge = self.expect(407)
        self.ack(invite, challenge)
        return self.again(invite, challenge)

    def ack(self, invite, response):
        """The ACK of a response that is no 2xx: RFC 3261 17.1.1.3."""
        assert response.status >= 300
        ack = Message(f"ACK {invite.uri} SIP/2.0", [("Via", invite.get("Via")), ("Max-Forwards", "70")])
        ack.headers += [("Route", route) for route in invite.lines("Route")]
        ack.headers += [("From", invite.get("From")), ("To", response.get("To")), ("Call-ID", invite.get("Call-ID")),
                        ("CSeq", f"{invite.cseq} ACK")]
        return self.send(ack)

    def cancel(self, invite):
        """RFC 3261 9.1."""
        cancel = Message(f"CANCEL {invite.uri} SIP/2.0", [("Via", invite.get("Via")), ("Max-Forwards", "70")])
        cancel.headers += [("Route", route) for route in invite.lines("Route")]
        cancel.headers += [("From", invite.get("From")), ("To", invite.get("To")), ("Call-ID", invite.get("Call-ID")),
                           ("CSeq", f"{invite.cseq} CANCEL")]
        return self.send(cancel)

    # --- responses ---

    def respond(self, request, status, headers=(), body=b"", contact=None):
        """Answers along the way that `request` came. The tag is the same for all answers to a call."""
        to = request.get("To")
        if status > 100 and param_of(to, "tag") is None:
            to += f";tag={self.user}-{hashlib.md5(request.get('Call-ID').encode()).hexdigest()[:8]}"
        response = Message(f"SIP/2.0 {status} {REASONS.get(status, 'Whatever')}",
                           [("Via", via) for via in request.lines("Via")], body)
        response.headers += [("Record-Route", route) for route in request.lines("Record-Route")]
        response.headers += [("From", request.get("From")), ("To", to), ("Call-ID", request.get("Call-ID")),
                             ("CSeq", request.get("CSeq"))]
        if request.method == "INVITE" and status > 100 and contact != "":
            response.headers.append(("Contact", contact or f"<{self.contact_uri}>"))
        if body:
            response.headers.append(("Content-Type", "application/sdp"))
        response.headers += headers
        return self.send(response, request.channel)


class Dialog:
    """What RFC 3261 12.1 says to remember, seen from `peer`."""

    def __init__(self, peer, invite, response, is_caller):
        self.peer = peer
        self.invite = invite
        other = response if is_caller else invite
        self.remote_target = uri_of(other.get("Contact"))
        self.routes = response.values("Record-Route")
        if is_caller:
            self.routes = self.routes[::-1]
        self.call_id = invite.get("Call-ID")
        ends = (invite.get("From"), response.get("To"))
        self.local, self.remote = ends if is_caller else ends[::-1]
        self.cseq = invite.cseq if is_caller else 100

    def request(self, method, headers=(), body=b"", cseq=None):
        """Sends a request of the dialog; an ACK takes the INVITE's number: RFC 3261 13.2.2.4."""
        if cseq is None:
            self.cseq += method != "ACK"
            cseq = self.cseq
        message = self.peer.request(method, self.remote_target, call_id=self.call_id, cseq=cseq, body=body, headers=headers)
        message.set("From", self.local).set("To", self.remote)
        message.headers += [("Route", route) for route in self.routes]
        return self.peer.send(message)

    def ack(self, body=b"", cseq=None):
        return self.request("ACK", body=body, cseq=cseq)


def establish(caller, callee, uri, body=SDP):
    """A call from `caller` to `callee`, step by step as in RFC 3665 3.1. Returns both ends' dialogs."""
    invite = caller.invite(uri, body=body)
    received = callee.expect("INVITE")
    callee.respond(received, 180)
    caller.expect(180)
    callee_ok = callee.respond(received, 200, body=SDP)
    ok = caller.expect(200)
    caller_end = Dialog(caller, invite, ok, True)
    caller_end.ack()
    callee.expect("ACK")
    return caller_end, Dialog(callee, received, callee_ok, False)


def finish(from_end, to_peer):
    """A BYE from one end, answered by the other."""
    from_end.request("BYE")
    to_peer.respond(to_peer.expect("BYE"), 200)
    from_end.peer.expect(200)
