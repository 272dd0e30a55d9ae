"""
TLS as the peers see it: RFC 3261 26.3.2, RFC 5922. Registering and calling, which certificate who is shown,
whom the server believes, and what comes of handshakes that fail.
"""

import socket
import ssl

import pytest

from certificates import Authority
from sip import establish, finish, param_of, uri_of

USERS = {"alice": "wonderland", "bob": "builder"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(tchind, authority, tmp_path):
    """Starts a server that has a certificate for example.org and trusts the authority."""

    def start(options=(), domains=("example.org",), users=USERS, settings=""):
        config = tmp_path / "tchin.conf"
        config.write_text(f'trusted_certificates = "{authority.root}"\n{settings}')
        return tchind(users=users, domains=domains, tls_port=5061, options=["--config", config, *options],
                      certificates={domain: authority.issue(f"DNS:{domain}") for domain in domains})

    return start


def test_a_phone_registers_and_is_called_by_tls(secure, authority):
    server = secure()
    alice, bob = (server.registered(user, "tls", security=authority.client()) for user in USERS)
    caller_end, callee_end = establish(alice, bob, bob.aor)
    assert [param_of(uri_of(route).replace("sip:", "<>", 1), "transport") for route in caller_end.routes] == ["tls"]
    finish(callee_end, alice)
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)


@pytest.mark.parametrize("callers, callees", [("udp", "tls"), ("tls", "tcp")])
def test_a_call_crosses_from_and_to_tls(secure, authority, callers, callees):
    server = secure()
    security = {"tls": {"security": authority.client()}}
    alice = server.registered("alice", callers, **security.get(callers, {}))
    bob = server.registered("bob", callees, **security.get(callees, {}))
    invite = alice.invite(bob.aor)
    received = bob.expect("INVITE")
    assert received.values("Via")[0].split()[0] == f"SIP/2.0/{callees.upper()}"
    bob.respond(received, 486)
    bob.expect("ACK")
    alice.ack(invite, alice.expect(486))
    caller_end, callee_end = establish(alice, bob, bob.aor)
    finish(callee_end, alice)
    caller_end, _ = establish(alice, bob, bob.aor)
    finish(caller_end, bob)
