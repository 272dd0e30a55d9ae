"""
A certificate authority to try ACME with: pebble, and a DNS server that says where the domains are.
tchind trusts it in a mount namespace of its own, where the system's list of authorities is another.
"""

import json
import os
import shlex
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.request

import certificates
from phones import free_port

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
A, NXDOMAIN = 1, 3


class NameServer:
    """Answers questions for A with `host`; while that is None no name exists."""

    def __init__(self, host):
        self.host = host
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                question, asker = self.socket.recvfrom(512)
                self.socket.sendto(self._answer(question), asker)
            except OSError:
                return

    def _answer(self, query):
        end = query.index(b"\0", 12) + 5
        found = self.host is not None and struct.unpack("!H", query[end - 4:end - 2])[0] == A
        head = struct.pack("!2sHHHHH", query[:2], 0x8180 | (NXDOMAIN if self.host is None else 0), 1, found, 0, 0)
        record = struct.pack("!HHHIH4s", 0xC00C, A, 1, 0, 4, socket.inet_aton(self.host)) if found else b""
        return head + query[12:end] + record

    def close(self):
        self.socket.close()


class Authority:
    """A pebble whose certificates live for `validity_s`; it looks for challenges at `http_port` of the domain."""

    def __init__(self, folder, host, validity_s=3600):
        self.folder = folder / "authority"
        own = certificates.Authority(self.folder)
        self.own_root = own.root
        certificate, key = own.issue("DNS:localhost,IP:127.0.0.1", days=2, usage="serverAuth")
        self.names = NameServer(host)
        self.port, self.http_port, self.management_port = free_port(), free_port(), free_port()
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management_port}",
            "certificate": str(certificate), "privateKey": str(key),
            "httpPort": self.http_port, "tlsPort": free_port(), "ocspResponderURL": "",
            "externalAccountBindingRequired": False, "certificateValidityPeriod": validity_s}}))
        self.log = self.folder / "pebble.log"
        self.process = subprocess.Popen(
            ["pebble", "-config", self.folder / "pebble.json", "-strict=false", "-dnsserver", f"127.0.0.1:{self.names.port}"],
            stdin=subprocess.DEVNULL, stdout=self.log.open("w"), stderr=subprocess.STDOUT,
            env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"})
        self._wait_until_it_listens()

    def _wait_until_it_listens(self):
        for _ in range(100):
            try:
                return socket.create_connection(("127.0.0.1", self.management_port)).close()
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    @property
    def directory(self):
        return f"https://localhost:{self.port}/dir"

    @property
    def wrap(self):
        """The command to run a server under that is to trust this authority."""
        return f"unshare --mount sh -c 'mount --bind {shlex.quote(str(self.own_root))} {BUNDLE} && exec \"$@\"' sh"

    def client(self):
        """How a phone that believes what this authority has signed connects."""
        trust = ssl.create_default_context(cafile=self.own_root)
        url = f"https://localhost:{self.management_port}/roots/0"
        return ssl.create_default_context(cadata=urllib.request.urlopen(url, context=trust).read().decode())

    def orders(self):
        return self.log.read_text().count("Added order")

    def stop(self):
        self.names.close()
        self.process.kill()
        self.process.wait()


def needed():
    """Why there can be no authority here; None if there can."""
    for program in ("pebble", "uacme", "openssl", "unshare"):
        if not shutil.which(program):
            return f"needs {program}"
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return "needs root, and mount namespaces"
    return None
