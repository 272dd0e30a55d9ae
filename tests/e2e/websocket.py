"""
A WebSocket client (RFC 6455) for tests, frame by frame, and a SIP user agent on top of it (RFC 7118).
It can do wrong whatever a client can do wrong.
"""

import base64
import hashlib
import os
import re
import socket
import ssl
import struct

import sip

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode, payload=b"", final=True, masked=True, length=None):
    """One frame; `length` is what it claims to hold."""
    length = len(payload) if length is None else length
    first = opcode | (0x80 if final else 0)
    bit = 0x80 if masked else 0
    if length < 126:
        head = struct.pack("!BB", first, bit | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", first, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, bit | 127, length)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def handshake(host, path="/", key=None, protocol="sip", version="13", origin=None, headers=()):
    """A request to become a WebSocket; what is None is left out."""
    key = key or base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
             f"Sec-WebSocket-Key: {key}"]
    lines += [f"{name}: {value}" for name, value in (("Sec-WebSocket-Protocol", protocol), ("Origin", origin),
                                                     ("Sec-WebSocket-Version", version)) if value is not None]
    return ("\r\n".join([*lines, *headers]) + "\r\n\r\n").encode()


def accepts(key):
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


class Answer:
    """What came by HTTP."""

    def __init__(self, octets):
        head, _, self.body = octets.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}


def connect(address, seconds=sip.PATIENCE_S, tls=None, name="example.org", source=None):
    """A connection by TCP, or with a context of ssl by TLS."""
    raw = socket.create_connection(address, seconds, source_address=source)
    return tls.wrap_socket(raw, server_hostname=name) if tls else raw


def ask(address, request, **options):
    """Sends octets of HTTP on a connection of their own; the answer until the end, None if there is none."""
    with connect(address, **options) as connection:
        connection.sendall(request)
        octets = b""
        while part := connection.recv(65536):
            octets += part
    return Answer(octets) if octets else None


def get(address, path, method="GET", **options):
    return ask(address, f"{method} {path} HTTP/1.1\r\nHost: example.org\r\n\r\n".encode(), **options)


class Channel:
    """An open WebSocket. As sip.Channel it hands over whole messages; pings it answers itself."""

    def __init__(self, connection, **options):
        self.connection = connection
        self.pending = b""
        self.message = b""
        self.closed = None  # the payload of the close frame that has come
        self.pongs = []
        self.pings = 0
        self.opcodes = []  # of the messages that have come
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(handshake("example.org", key=key, **options))
        while b"\r\n\r\n" not in self.pending:
            part = connection.recv(65536)
            assert part, f"no handshake, but {self.pending!r}"
            self.pending += part
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        answer = Answer(head)
        assert answer.status == 101, head
        assert answer.headers["sec-websocket-accept"] == accepts(key)
        assert answer.headers["sec-websocket-protocol"] == "sip"
        assert "sec-websocket-extensions" not in answer.headers

    def next_frame(self):
        """(opcode, is final, payload), or None: not all there yet."""
        if len(self.pending) < 2:
            return None
        first, second = self.pending[:2]
        assert not second & 0x80, "a server does not mask"
        at, length = 2, second & 0x7F
        if length >= 126:
            size, form = (2, "!H") if length == 126 else (8, "!Q")
            if len(self.pending) < 2 + size:
                return None
            at, length = 2 + size, struct.unpack(form, self.pending[2:2 + size])[0]
        if len(self.pending) < at + length:
            return None
        payload, self.pending = self.pending[at:at + length], self.pending[at + length:]
        return first & 0x0F, bool(first & 0x80), payload

    def next_message(self):
        """Octets of one message. None: not all there yet."""
        while (got := self.next_frame()) is not None:
            opcode, final, payload = got
            if opcode == PING:
                self.pings += 1
                self.connection.sendall(frame(PONG, payload))
            elif opcode == PONG:
                self.pongs.append(payload)
            elif opcode == CLOSE:
                self.closed = payload
                self._say_goodbye()
            else:
                if opcode != CONTINUATION:
                    self.opcodes.append(opcode)
                self.message += payload
                if final:
                    whole, self.message = self.message, b""
                    return whole
        return None

    def _say_goodbye(self):
        """RFC 6455 5.5.1: a close frame is answered with one."""
        try:
            self.connection.sendall(frame(CLOSE, self.closed[:2]))
        except OSError:
            pass

    def receive(self):
        """The next message; None: the connection has ended."""
        while (whole := self.next_message()) is None:
            try:
                part = self.connection.recv(65536)
            except ConnectionResetError:
                part = b""
            if not part:
                return None
            self.pending += part
        return whole

    def send(self, octets, opcode=TEXT):
        self.connection.sendall(frame(opcode, octets))


class Peer(sip.Peer):
    """A user agent in a browser: it cannot be connected to, and says so by a name that leads nowhere."""

    def __init__(self, user, server, tls=None, origin=None, opcode=TEXT, name=None, **options):
        super().__init__(user, server, **{**options, "transport": "tcp"})
        self.transport = "wss" if tls else "ws"
        self.tls = tls
        self.origin = origin
        self.opcode = opcode
        self.name = name or f"{sip.unique.next('w')}.invalid"
        self.contact_uri = f"sip:{user}@{self.name};transport=ws"

    def connect(self):
        connection = connect(self.server, tls=self.tls, source=(self.host, 0))
        self.channels.append(Channel(connection, origin=self.origin))
        return self.channels[-1]

    def send(self, what, channel=None):
        channel = channel or (self.channels[-1] if self.channels else self.connect())
        octets = what if isinstance(what, bytes) else without_length(what.octets())
        channel.send(octets, self.opcode)
        return what

    def via(self):
        return f"SIP/2.0/{self.transport.upper()} {self.name};branch=z9hG4bK{sip.unique.next('b')};rport"


def without_length(octets):
    """RFC 7118 5: a WebSocket message needs no Content-Length."""
    return re.sub(rb"\r\nContent-Length: \d+", b"", octets, count=1)


def trusting(certificate=None):
    """A context that believes that certificate, or any."""
    context = ssl.create_default_context(cafile=certificate)
    if certificate is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
