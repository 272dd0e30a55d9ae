"""
The examples: libtchin on plain sockets, held against the server and its tool.
"""

import subprocess

import pytest

from servers import BIN, own_address


def run(program, *arguments):
    return subprocess.run([BIN / program, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=10)


def test_the_registrar_client_registers_with_its_password(server):
    done = run("register", "sip:bob@example.org", "builder", server.host, server.port)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "401 Unauthorized"
    bindings = server.registered("bob").register(contacts=[]).values("Contact")
    assert len(bindings) == 2 and any(value.split(";")[0] in done.stdout for value in bindings)


def test_the_registrar_client_gives_up_with_a_wrong_password(server):
    done = run("register", "sip:bob@example.org", "not builder", server.host, server.port)
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["401 Unauthorized"] * 2


def test_the_registrar_client_does_not_wait_for_who_is_not_there():
    assert run("register", "sip:bob@example.org", "builder", own_address(), 5060).returncode == 1


@pytest.mark.parametrize("program", ["register", "options-responder"])
def test_an_example_says_when_it_is_used_wrongly(program):
    assert run(program).returncode == 2


def test_the_options_responder_is_pinged():
    host = own_address()
    responder = subprocess.Popen([BIN / "options-responder", host, "5060"], stdin=subprocess.DEVNULL)
    try:
        done = run("tchin", "ping", f"sip:{host}", "--count", 3, "--interval", 0.1)
        assert done.returncode == 0, done.stderr
        assert "200" in done.stdout
    finally:
        responder.kill()
        responder.wait()
