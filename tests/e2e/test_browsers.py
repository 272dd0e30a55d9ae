"""A real browser: JsSIP in headless Chromium over WSS (RFC 7118), whose certificate it checks."""

import pytest

from browsers import Browser
from certificates import Authority
from phones import free_port
from servers import own_address

USERS = {"alice": "wonderland", "bob": "builder"}


@pytest.fixture
def lab(tchind, tmp_path):
    """A server with a port for WSS, and a browser that has loaded a page of the same host."""
    host = own_address()
    port = free_port(host)
    pair = Authority(tmp_path / "authority").issue("DNS:example.org")
    server = tchind(users=USERS, host=host, certificates={"example.org": pair},
                    listen=[f"udp:{host}:5060", f"tcp:{host}:5060", f"wss:{host}:{port}"])
    server.web = f"wss://example.org:{port}"
    with Browser(tmp_path, "example.org", (host, port), pair[0]) as browser:
        yield server, browser


def registered(server, browser, user):
    tab = browser.tab(user)
    tab.start(f"sip:{user}@example.org", USERS[user], server.web)
    tab.wait("^registered$")
    return tab


def test_two_tabs_register_and_exchange_messages(lab):
    alice, bob = (registered(*lab, user) for user in USERS)
    assert alice.write("sip:bob@example.org", "caf\u00e9, Bob?") == "delivered"
    bob.wait("^message caf\u00e9, Bob\\?$")
    assert bob.write("sip:alice@example.org", "at noon, Alice") == "delivered"
    alice.wait("^message at noon, Alice$")
    assert alice.write("sip:nobody@example.org", "hello?").startswith("failed")


def test_two_tabs_call_each_other_and_hear_each_other(lab):
    server, browser = lab
    alice, bob = (registered(server, browser, user) for user in USERS)
    alice.dial("sip:bob@example.org")
    bob.wait("^called by sip:alice@example.org")
    alice.wait("^ringing$")
    bob.answer()
    for tab in (alice, bob):
        tab.wait("^confirmed$")
        tab.wait_to_hear(browser.hertz)
    bob.hangUp()
    alice.wait("^ended remote$")


def test_a_tab_and_a_phone_by_udp_exchange_messages(lab):
    server, browser = lab
    alice, bob = registered(server, browser, "alice"), server.registered("bob")
    request = bob.request("MESSAGE", "sip:alice@example.org", body=b"from afar").set("Content-Type", "text/plain")
    bob.again(bob.send(request), bob.expect(407))
    alice.wait("^message from afar$")
    assert bob.expect(200).method == "MESSAGE"
