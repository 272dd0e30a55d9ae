"""
Real phones over TLS: baresip and linphonec. A call counts only when each has heard the other's tone.
linphonec knows the server as localhost, which is a name in its certificate, and checks that; Debian's
baresip 1.0.0 takes any certificate at 127.0.0.1, whatever authorities it is told to trust.
"""

import pytest

from certificates import Authority
from phones import Baresip, Linphone, free_port
from test_phones import ALICE_HERTZ, BOB_HERTZ, KINDS, USERS, end, ring, talk


@pytest.fixture
def pair(tchind, authority):
    """Starts a server, and the phones of alice and bob at it."""
    started = []

    def start(kinds, transports=("tls", "tls")):
        port = free_port()
        certificate = authority.issue("DNS:example.org,DNS:localhost,IP:127.0.0.1")
        server = tchind(users=USERS, domains=("example.org", "localhost"), host="127.0.0.1", port=port, tls_port=port + 1,
                        certificates={"example.org": certificate})
        for kind, user, transport, hertz in zip(kinds, USERS, transports, (ALICE_HERTZ, BOB_HERTZ)):
            host = "localhost" if kind is Linphone else "127.0.0.1"
            started.append(server.phone(kind, user, transport, hertz, host=host, trust=authority.root))
            started[-1].start()
        return server, *(phone.wait_registered() for phone in started)

    yield start
    for phone in started:
        phone.stop()


@pytest.mark.parametrize("kinds", [pytest.param(kind.values, id=kind.id) for kind in KINDS])
def test_a_call_by_tls_is_heard_at_both_ends_and_either_may_end_it(pair, kinds):
    _, alice, bob = pair(kinds)
    ring(alice, bob)
    bob.answer()
    talk(alice, bob)
    end(alice, bob)

    ring(alice, bob)
    bob.answer()
    talk(alice, bob)
    end(bob, alice)


def test_linphone_refuses_a_server_whose_authority_it_does_not_trust(tchind, authority, tmp_path):
    """So its check is on, in the calls above."""
    port = free_port()
    server = tchind(users=USERS, domains=("example.org", "localhost"), host="127.0.0.1", port=port, tls_port=port + 1,
                    certificates={"example.org": authority.issue("DNS:example.org,DNS:localhost,IP:127.0.0.1")})
    unknown = Authority(tmp_path / "unknown", "Unknown CA")
    alice = server.phone(Linphone, "alice", "tls", ALICE_HERTZ, host="localhost", trust=unknown.root)
    try:
        alice.start()
        line = server.wait_log("TLS handshake failed", 10)
        assert "unknown ca" in line, line
        assert "REGISTER" not in server.ladder.read_text(), "nothing was said to it"
    finally:
        alice.stop()
