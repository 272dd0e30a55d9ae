"""
Phones behind NATs, and what keeps the way to them open: RFC 5626, STUN (RFC 8489).
"""

import struct

COOKIE = 0x2112A442


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
