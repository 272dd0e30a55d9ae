"""
Certificates by ACME (RFC 8555), from a real authority: asked for, installed, renewed while calls go
on; and what is said, and not done again and again, when they are not to be had.
"""

import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time

import pytest

from acme import Authority, needed
from certificates import openssl
from phones import free_port
from servers import TCHIND
from sip import establish, finish, own_address

PATIENCE_S = 40


def certificate_of(server, domain="example.org"):
    return server.data / "tls" / domain / "cert.pem"


def wait_for(what, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"it did not come about within {seconds} s"
        time.sleep(0.2)
    return found


def configure(folder, ca, port):
    conf = folder / "acme.conf"
    conf.write_text(f'acme_directory = "{ca.directory}"\nacme_port = {port}\n')
    return conf


@pytest.fixture
def lab(tchind, tmp_path):
    """
    lab(): a server that asks an authority of its own for certificates. `found_at` is where that one finds its
    domains; without `listens` nobody answers at the port where it looks.
    """
    if needed():
        pytest.skip(needed())
    authorities = []

    def start(domains=("example.org",), validity_s=3600, listens=True, **where):
        host = own_address()
        ca = Authority(tmp_path, where.get("found_at", host), validity_s)
        authorities.append(ca)
        conf = configure(tmp_path, ca, ca.http_port if listens else free_port())
        return tchind(domains=domains, host=host, wrap=ca.wrap, tls_port=5061,
                      options=["--no-auth", "--config", conf, "--acme", "hostmaster@example.org"]), ca

    yield start
    for ca in authorities:
        ca.stop()
        print(ca.log.read_text()[-5000:])


def test_one_command_gets_a_certificate(lab):
    server, ca = lab()
    server.wait_log("certificate by ACME domain=example.org", PATIENCE_S)
    folder = certificate_of(server).parent
    assert "DNS:example.org" in openssl("x509", "-in", folder / "cert.pem", "-noout", "-ext", "subjectAltName")
    assert openssl("x509", "-in", folder / "cert.pem", "-noout", "-pubkey") == openssl("pkey", "-in", folder / "key.pem", "-pubout")
    assert [stat.S_IMODE((folder / name).stat().st_mode) for name in ("cert.pem", "key.pem")] == [0o600, 0o600]
    assert (folder / "cert.pem").read_text().count("BEGIN CERTIFICATE") == 2, "the chain is whole"
    assert f"http:0.0.0.0:{ca.http_port}" in server.wait_log("tchind: ready")
    assert list((server.data / "acme").iterdir()) == [], "the answer to the challenge has been taken away"
    assert ca.orders() == 1


def test_every_domain_with_a_name_gets_its_own(lab):
    server, ca = lab(domains=("example.org", "192.0.2.1", "other.example"))
    for domain in ("example.org", "other.example"):
        server.wait_log(f"certificate by ACME domain={domain}", PATIENCE_S)
        assert f"DNS:{domain}" in openssl("x509", "-in", certificate_of(server, domain), "-noout", "-ext", "subjectAltName")
    assert ca.orders() == 2
    assert not certificate_of(server, "192.0.2.1").exists()


def shown_at(server, security):
    """The serial number of the certificate that a new handshake shows, which must be good for example.org."""
    with socket.create_connection((server.host, server.tls_port), 5) as plain:
        with security.wrap_socket(plain, server_hostname="example.org") as stream:
            return stream.getpeercert()["serialNumber"]


def is_shown(server, security):
    try:
        return shown_at(server, security)
    except (ssl.SSLError, ConnectionError):
        return None


def test_tls_begins_with_the_first_certificate_and_goes_on_with_the_next_while_calls_do(lab):
    server, ca = lab(validity_s=24)
    security = ca.client()
    server.wait_log("certificate by ACME", PATIENCE_S)
    began, first = time.monotonic(), wait_for(lambda: is_shown(server, security))
    alice, bob = server.registered("alice", "tls", security=security), server.registered("bob", "tls", security=security)
    standing, _ = establish(alice, bob, bob.aor)
    assert not any("renew it" in line for line in server.log), "that is ours to do"
    while shown_at(server, security) == first:
        assert time.monotonic() - began < 23, "it was not renewed in time"
        caller_end, _ = establish(alice, bob, bob.aor)
        finish(caller_end, bob)
        time.sleep(0.2)
    assert time.monotonic() - began > 10, "it was renewed too early"
    finish(standing, bob)


def test_what_failed_is_said_once_with_what_to_do_and_is_not_tried_again_after_a_restart(lab, tmp_path):
    server, ca = lab(listens=False)
    line = server.wait_log("no certificate by ACME", PATIENCE_S)
    assert "domain=example.org" in line and "port 80 be open" in line and 'again-in="' in line
    server.stop()
    configure(tmp_path, ca, ca.http_port)
    server.start()
    time.sleep(5)
    assert ca.orders() == 1
    server.process.send_signal(signal.SIGHUP)  # the operator has put it right
    server.wait_log("certificate by ACME domain=example.org", PATIENCE_S)


def test_a_domain_that_is_not_in_dns_is_named(lab):
    server, _ = lab(found_at=None)
    assert "A and AAAA records" in server.wait_log("no certificate by ACME", PATIENCE_S)


def test_what_was_got_before_a_crash_is_installed_after_it(lab):
    server, ca = lab()
    server.wait_log("certificate by ACME", PATIENCE_S)
    server.kill()
    certificate_of(server).unlink()
    server.start()
    wait_for(certificate_of(server).exists)
    assert ca.orders() == 1


def test_one_signed_by_ourselves_gives_way(lab, tmp_path):
    folder = tmp_path / "server0" / "data" / "tls" / "example.org"
    folder.mkdir(parents=True)
    (tmp_path / "server0" / "data").chmod(0o700)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
        "-days", 100, "-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:example.org")
    server, _ = lab()
    server.wait_log("certificate by ACME", PATIENCE_S)
    assert "Pebble" in openssl("x509", "-in", certificate_of(server), "-noout", "-issuer")


@pytest.mark.parametrize("words, said", [
    (["192.0.2.1", "--acme", "you@example.org"], "there is none: write one"),
    (["example.org", "--acme", "you"], "hostmaster@example.org"),
    (["example.org", "--acme", "-f@example.org"], "hostmaster@example.org"),
    (["example.org", "--acme", "a b@example.org"], "hostmaster@example.org")], ids=["address", "word", "flag", "space"])
def test_what_cannot_be_is_refused_at_the_start(tmp_path, words, said):
    done = subprocess.run([TCHIND, *words, "--data", tmp_path / "data", "--listen", f"udp:{own_address()}:5060"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_without_uacme_it_says_how_to_get_it(tchind, tmp_path):
    conf = tmp_path / "acme.conf"
    conf.write_text(f"acme_port = {free_port()}\n")
    server = tchind(options=["--no-auth", "--config", conf, "--acme", "hostmaster@example.org"], wrap=f"env PATH={tmp_path}")
    assert "apt install uacme" in server.wait_log("no certificate by ACME", PATIENCE_S)


def test_a_client_that_waits_ends_with_the_server(tchind, tmp_path):
    if not shutil.which("uacme"):
        pytest.skip("needs uacme")
    conf = tmp_path / "acme.conf"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        conf.write_text(f'acme_directory = "https://127.0.0.1:{silent.getsockname()[1]}/dir"\nacme_port = {free_port()}\n')
        server = tchind(options=["--no-auth", "--config", conf, "--acme", "hostmaster@example.org"])
        client, _ = silent.accept()
        server.stop()
        with client:
            client.settimeout(2)
            while client.recv(4096):
                pass  # what it has said before it ended


# --- the hook ---

TOKEN, AUTHORIZATION = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.nP1qzpXGymHBrUEepNY9HCsQk7K8KhOypzEt62jcerQ"


def hook(folder, *words):
    return subprocess.run([TCHIND, *words], env={**os.environ, "TCHIN_ACME_CHALLENGES": str(folder)}, capture_output=True).returncode


def test_the_hook_publishes_and_takes_away(tmp_path):
    assert hook(tmp_path, "begin", "http-01", "example.org", TOKEN, AUTHORIZATION) == 0
    assert (tmp_path / TOKEN).read_text() == AUTHORIZATION
    assert hook(tmp_path, "done", "http-01", "example.org", TOKEN, AUTHORIZATION) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [
    ("begin", "dns-01", "example.org", TOKEN, AUTHORIZATION), ("begin", "tls-alpn-01", "example.org", TOKEN, AUTHORIZATION),
    ("begin", "http-01", "example.org", "../token", AUTHORIZATION), ("begin", "http-01", "example.org", "", AUTHORIZATION),
    ("begin", "http-01", "example.org", ".", AUTHORIZATION), ("begin", "http-01", "example.org", "x" * 300, AUTHORIZATION),
    ("begin", "http-01", "example.org", TOKEN, "<script>"), ("begin", "http-01", "example.org", TOKEN), ("begin",)],
    ids=lambda words: "-".join(words)[:40])
def test_the_hook_declines_what_it_cannot_do_and_what_is_hostile(tmp_path, words):
    folder = tmp_path / "challenges"
    folder.mkdir()
    assert hook(folder, *words) == 1
    assert list(folder.iterdir()) == [] and list(tmp_path.iterdir()) == [folder]
