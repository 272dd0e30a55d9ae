"""A real browser: JsSIP in headless Chromium over WSS (RFC 7118), whose certificate it checks."""

import socket

import pytest

from browsers import Browser
from certificates import Authority
from phones import Baresip, free_port
from servers import own_address

USERS = {"alice": "wonderland", "bob": "builder"}


def address_outside():
    """Neither end of ICE offers an address of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but its own")
        return probe.getsockname()[0]


class WebPhone(Baresip):
    """baresip as browsers want it: DTLS-SRTP, ICE, one port for RTP and RTCP."""

    CONFIG = Baresip.CONFIG.replace("net_interface 127.0.0.1", "net_interface {outside}") + (
        "rtcp_mux yes\nmodule dtls_srtp.so\nmodule ice.so\n")

    def __init__(self, *settings):
        super().__init__(*settings)
        self.CONFIG = self.CONFIG.replace("{outside}", address_outside())

    def _write_account(self):
        super()._write_account()
        accounts = self.folder / "accounts"
        accounts.write_text(accounts.read_text().rstrip() + ";medianat=ice;mediaenc=dtls_srtp\n")


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
    address_outside()
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


@pytest.mark.parametrize("tab_calls", [True, False], ids=["tab calls", "phone calls"])
def test_a_tab_and_baresip_call_each_other_and_hear_each_other(lab, tab_calls):
    server, browser = lab
    alice = registered(server, browser, "alice")
    with server.phone(WebPhone, "bob", hertz=600) as bob:
        bob.wait_registered()
        if tab_calls:
            alice.dial("sip:bob@example.org")
            bob.wait_ringing()
            bob.answer()
        else:
            bob.call("sip:alice@example.org")
            alice.wait("^called by sip:bob@example.org")
            alice.answer()
        bob.wait_talking()
        alice.wait("^confirmed$")
        alice.wait_to_hear(bob.hertz)
        assert bob.hears(browser)
        if tab_calls:
            alice.hangUp()
            bob.wait_over()
        else:
            bob.hang_up()
            alice.wait("^ended remote$")
