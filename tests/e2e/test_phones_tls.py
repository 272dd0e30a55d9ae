"""
Real phones over TLS, with their checks of certificates on: baresip and linphonec. A call counts only when
each has heard the other's tone. Both know the server as localhost, which is a name in its certificate.
"""

import pytest

from phones import Baresip, Linphone, free_port
from test_phones import ALICE_HERTZ, BOB_HERTZ, KINDS, USERS, assert_both_heard, end, ring, talk


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
    assert_both_heard(alice, bob)

    ring(alice, bob)
    bob.answer()
    talk(alice, bob)
    end(bob, alice)
