"""
Calls through a network that loses datagrams: two network namespaces with a cable between them, each
of which drops 5% of what arrives. Needs root; there is no netem on every machine, but nftables.
"""

import os
import shutil
import subprocess

import pytest

from load import run_calls
from servers import Server

SERVER_HOST, PHONES_HOST = "10.99.0.1", "10.99.0.2"
LOSS_PERCENT = 5


RULES = f"""
table inet loss {{
    chain arriving {{
        type filter hook input priority 0;
        iifname "cable" meta l4proto udp numgen random mod 100 < {LOSS_PERCENT} counter drop
    }}
}}
"""


def run(*words, text=None):
    done = subprocess.run(words, input=text or "", capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"


@pytest.fixture
def cable():
    """Two namespaces joined by a lossy cable; their names."""
    if os.geteuid() != 0 or not shutil.which("nft"):
        pytest.skip("needs root and nft")
    names = [f"tchin-{side}-{os.getpid()}" for side in ("server", "phones")]
    if subprocess.run(["ip", "netns", "add", names[0]], capture_output=True).returncode != 0:
        pytest.skip("no network namespaces are to be had here")
    try:
        run("ip", "netns", "add", names[1])
        run("ip", "-n", names[0], "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", names[1])
        for name, host in zip(names, (SERVER_HOST, PHONES_HOST)):
            run("ip", "-n", name, "addr", "add", f"{host}/24", "dev", "cable")
            run("ip", "-n", name, "link", "set", "cable", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "netns", "exec", name, "nft", "-f", "-", text=RULES)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def test_a_thousand_calls_complete_though_five_percent_of_all_datagrams_are_lost(cable, tmp_path):
    server = Server(tmp_path / "server", options=["--no-auth"], traces=False, host=SERVER_HOST, wrap=f"ip netns exec {cable[0]}")
    server.start()
    try:
        good, bad, errors = run_calls(tmp_path, server.address, calls=1000, rate=100, host=PHONES_HOST,
                                      where=["ip", "netns", "exec", cable[1]])
    finally:
        server.stop()
    assert (good, bad) == (1000, 0), errors
