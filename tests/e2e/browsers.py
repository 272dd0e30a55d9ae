"""
Phones in tabs of a Chromium without a head: JsSIP over WSS. npm puts what it takes into the build folder once.
"""

import hashlib
import json
import re
import base64
import shutil
import subprocess
import threading
import time

import pytest

import tone
from certificates import openssl
from servers import ROOT

SOURCES = ROOT / "tests" / "e2e" / "browser"
FOLDER = ROOT / "build" / "browser"
PATIENCE_S = 20


def install():
    """Skips the test where that cannot be."""
    for program in ("chromium", "npm", "node"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}: see packages/test.txt")
    bundle = FOLDER / "phone.js"
    if bundle.exists() and bundle.stat().st_mtime > max(path.stat().st_mtime for path in SOURCES.iterdir()):
        return bundle
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCES / "package.json", FOLDER)
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=FOLDER, capture_output=True, text=True,
                          timeout=300)
    if done.returncode != 0:
        pytest.skip(f"npm install failed: {done.stderr[-300:]}")
    shutil.copy(SOURCES / "phone.js", FOLDER / "source.js")
    subprocess.run(["node_modules/.bin/esbuild", "source.js", "--bundle", "--outfile=phone.js", "--log-level=error"],
                   cwd=FOLDER, check=True, timeout=60)
    return bundle


def key_hash(certificate):
    """As --ignore-certificate-errors-spki-list wants it."""
    public = openssl("x509", "-in", certificate, "-pubkey", "-noout")
    der = base64.b64decode("".join(public.splitlines()[1:-1]))
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


class Browser:
    """Closed by `with`. All tabs speak with the same tone."""

    def __init__(self, folder, domain, address, certificate, hertz=1000):
        self.hertz = hertz
        self.story = []
        self._news = threading.Condition()
        tone.write(folder / "voice.wav", hertz, 60)
        self.process = subprocess.Popen(
            ["node", SOURCES / "driver.js", domain, address[0], key_hash(certificate), install(), folder / "voice.wav"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"NODE_PATH": str(FOLDER / "node_modules"), "PATH": "/usr/bin:/bin", "HOME": str(folder)})
        threading.Thread(target=self._read, daemon=True).start()
        assert self._wait(lambda news: "result" in news)["result"] == "ready"

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                try:
                    self.story.append(json.loads(line))
                except ValueError:
                    self.story.append({"talk": line})
                self._news.notify_all()

    def _wait(self, is_wanted, since=0, seconds=PATIENCE_S):
        end = time.monotonic() + seconds
        with self._news:
            while True:
                for news in self.story[since:]:
                    if "error" in news:
                        raise AssertionError(news["error"])
                    if is_wanted(news):
                        return news
                left = end - time.monotonic()
                assert left > 0, f"it did not come: {self.story[-30:]}"
                self._news.wait(left)

    def run(self, tab, expression):
        since = len(self.story)
        self.process.stdin.write(json.dumps({"tab": tab, "run": expression}) + "\n")
        self.process.stdin.flush()
        return self._wait(lambda news: "result" in news, since)["result"]

    def tab(self, name):
        return Tab(self, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Tab:
    """One phone. Each wait is for something said after what the one before has seen."""

    def __init__(self, browser, name):
        self.browser, self.name, self.seen = browser, name, 0

    def __getattr__(self, function):
        return lambda *arguments: self.browser.run(self.name, f"{function}({json.dumps(arguments)[1:-1]})")

    def wait(self, pattern, seconds=PATIENCE_S):
        self.browser._wait(lambda news: news.get("tab") == self.name and re.search(pattern, news.get("said", "")),
                           self.seen, seconds)
        self.seen = len(self.browser.story)

    def wait_to_hear(self, hertz, seconds=PATIENCE_S):
        end = time.monotonic() + seconds
        heard = 0
        while time.monotonic() < end and abs(heard - hertz) > 20:
            heard = self.hears()
        assert abs(heard - hertz) <= 20, f"{self.name} hears {heard} Hz, not {hertz}"
