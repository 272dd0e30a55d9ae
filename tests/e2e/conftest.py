"""
Fixtures: servers to test, started and, at the end, stopped and judged.
"""

import os
import pathlib

import pytest

from certificates import Authority
from servers import BIN, ROOT, Server, taking

CORPORA = pathlib.Path(os.environ.get("TCHIN_CORPORA", ROOT.parent / "shared" / "corpora"))


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; part of make test-long")


def pytest_sessionstart(session):
    for program in ("tchind", "tchin"):
        if not (BIN / program).exists():
            pytest.exit(f"{BIN / program} is not there: make build, or set TCHIN_BIN", returncode=1)


@pytest.fixture
def tchind(tmp_path):
    """Starts servers: tchind(users={"alice": "secret"}, options=["--no-auth"]). All are stopped, and judged, at the end."""
    servers = []

    def start(certificates=None, **settings):
        server = Server(tmp_path / f"server{len(servers)}", **settings)
        servers.append(server)
        for domain, pair in (certificates or {}).items():
            server.certify(pair, domain)
        return server.start()

    start.servers = servers
    yield start
    for server in servers:
        try:
            server.stop()
        finally:
            print(server.story()[-8000:])  # pytest shows it when the test has failed


@pytest.fixture
def within(tchind):
    """with within(0, 0.5): how many seconds this may take the servers."""
    return lambda least_s, most_s: taking(least_s, most_s, [server.process.pid for server in tchind.servers])


@pytest.fixture
def server(tchind):
    """The usual one: example.org with alice, bob and carol."""
    return tchind(users={"alice": "wonderland", "bob": "builder", "carol": "christmas"})


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def corpora():
    if not CORPORA.is_dir():
        pytest.skip(f"no corpora at {CORPORA}: see TCHIN_CORPORA")
    return CORPORA
