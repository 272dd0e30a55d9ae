"""
Real phones, without heads: baresip and linphonec. Each sends a tone of its own and writes down what
it hears. Both are driven in the same words: register, call, ring, answer, hang up.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import tone
from sip import claimed

PATIENCE_S = 10


def blocks_of_ports():
    """None of them is one that the system gives away by itself, so nobody takes it before who asked does."""
    while True:
        first = 10000 + 100 * claimed("ports", 220)
        yield from range(first, first + 100, 2)


own_ports = blocks_of_ports()


def free_port(address="127.0.0.1"):
    """A port free for UDP and TCP, and the next one too: baresip wants that for TLS, RTP for RTCP."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        port = next(own_ports)
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                for wanted in (port, port + 1):
                    with socket.socket(family, kind) as s:
                        s.bind((address, wanted))
            return port
        except OSError:
            continue


class Phone:
    """What both have in common. `said` is all that happened, in lines, for wait and for a failed test."""

    def __init__(self, folder, aor, password, server, transport="udp", hertz=440, trust=None, seconds=60):
        self.folder = folder
        self.aor = aor
        self.user, self.domain = aor.removeprefix("sip:").split("@")
        self.password = password
        self.server = server  # "address:port"
        self.transport = transport
        self.hertz = hertz
        self.trust = trust  # a file of certificates, by which the server is believed
        self.said = []
        self.process = None
        self._news = threading.Condition()
        self._seen = 0
        folder.mkdir(parents=True, exist_ok=True)
        tone.write(folder / "tone.wav", hertz, seconds)

    def _say(self, line):
        with self._news:
            self.said.append(line)
            self._news.notify_all()

    def wait(self, pattern, seconds=PATIENCE_S):
        """The next line that fits, among those no wait has passed yet."""
        end = time.monotonic() + seconds
        with self._news:
            while True:
                while self._seen < len(self.said):
                    self._seen += 1
                    found = re.search(pattern, self.said[self._seen - 1])
                    if found:
                        return found
                left = end - time.monotonic()
                if left <= 0:
                    story = "\n  ".join(self.said[-40:])
                    raise AssertionError(f"{self.aor}: no {pattern!r} within {seconds} s:\n  {story}")
                self._news.wait(left)

    def has_said(self, pattern):
        with self._news:
            return any(re.search(pattern, line) for line in self.said)

    def hears(self, other, seconds=PATIENCE_S):
        """Waits until the tone of `other` is what this one hears."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(tone.is_heard(path, other.hertz) for path in self._heard()):
                return True
            time.sleep(0.2)
        return False

    def _spawn(self, command, **options):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        errors="replace", **options)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            line = re.sub(r"\x1b\[[;\d]*[mK]", "", line).strip()
            if line and "audio=" not in line:  # baresip's dial tells the rates ten times a second
                self._say(line)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()


class Baresip(Phone):
    """Driven through its ctrl_tcp module: netstrings of JSON. It ends its file of what it heard with the call."""

    CONFIG = """\
sip_listen 127.0.0.1:{sip_port}
net_interface 127.0.0.1
call_max_calls 4
call_local_timeout {no_answer_s}
ring_aufile none
audio_source aufile,{folder}/tone.wav
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
snd_path {folder}
rtp_ports {rtp_port}-{rtp_last}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module_app account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
"""

    def start(self, no_answer_s=120):
        control_port, rtp_port, self.sip_port = free_port(), free_port(), free_port()
        (self.folder / "config").write_text(self.CONFIG.format(
            folder=self.folder, no_answer_s=no_answer_s, control_port=control_port, sip_port=self.sip_port,
            rtp_port=rtp_port, rtp_last=rtp_port + 1))
        if self.trust:
            with (self.folder / "config").open("a") as config:
                config.write(f"sip_cafile {self.trust}\n")
        (self.folder / "contacts").write_text("")
        self._write_account()
        self._spawn(["baresip", "-f", str(self.folder)], stdin=subprocess.DEVNULL)
        self.wait("baresip is ready")
        self.control = socket.create_connection(("127.0.0.1", control_port))
        threading.Thread(target=self._follow, daemon=True).start()
        return self

    def _write_account(self):
        (self.folder / "accounts").write_text(
            f"<sip:{self.user}@{self.domain}>;auth_user={self.user};auth_pass={self.password};regint=60"
            f';outbound="sip:{self.server};transport={self.transport}";audio_codecs=PCMU\n')

    def _follow(self):
        """Turns events into lines: "event CALL_RINGING ..."."""
        stream = self.control.makefile("rb")
        while True:
            digits = b""
            while (c := stream.read(1)) not in (b":", b""):
                digits += c
            if not digits:
                return
            event = json.loads(stream.read(int(digits)))
            stream.read(1)
            if event.get("event"):
                self._say(f"event {event['type']} {event.get('param', '')}")

    def _command(self, name, params=""):
        text = json.dumps({"command": name, "params": params}).encode()
        self.control.sendall(b"%d:%s," % (len(text), text))

    def wait_registered(self):
        self.wait(r"200 OK .*\[\d+ binding|event REGISTER_OK")
        return self

    def call(self, uri):
        self._command("dial", uri)

    def wait_ringing(self):
        self.wait("event CALL_INCOMING")

    def wait_ringback(self):
        self.wait("event CALL_RINGING")

    def answer(self):
        self._command("accept")

    def hang_up(self):
        self._command("hangup")

    refuse = hang_up  # a call not yet answered gets a 486 by it

    def wait_talking(self):
        self.wait("event CALL_ESTABLISHED")

    def wait_over(self, seconds=PATIENCE_S):
        """Returns why, in baresip's words: "486 Busy Here" where a status said so."""
        return self.wait(r"event CALL_CLOSED ?(.*)", seconds)[1]

    def _heard(self):
        return self.folder.glob("dump-*-dec.wav")


class Linphone(Phone):
    """linphonec, driven by typing. It plays and records files in place of a sound card."""

    CONFIG = """\
[sip]
sip_port={udp_port}
sip_tcp_port={tcp_port}
sip_tls_port={tls_port}
root_ca={trust}
verify_server_certs=1
verify_server_cn=1
default_proxy=0
guess_hostname=0
inc_timeout={no_answer_s}
register_only_when_network_is_up=0
[net]
mtu=1300
[rtp]
audio_rtp_port={rtp_port}
[sound]
echocancellation=0
[video]
enabled=0
[audio_codec_0]
mime=PCMU
rate=8000
channels=1
enabled=1
[proxy_0]
reg_proxy=<sip:{server};transport={transport}>
reg_route=<sip:{server};transport={transport};lr>
reg_identity=sip:{user}@{domain}
reg_expires=60
reg_sendregister=1
publish=0
[auth_info_0]
username={user}
passwd={password}
realm={domain}
domain={domain}
[misc]
uuid={uuid}
"""

    def start(self, no_answer_s=120):
        for sub in (".local/share/linphone", ".config/linphone"):
            (self.folder / sub).mkdir(parents=True, exist_ok=True)
        udp_port = free_port() if self.transport == "udp" else 0
        tcp_port = free_port() if self.transport == "tcp" else 0
        tls_port = free_port() if self.transport == "tls" else 0
        (self.folder / "linphonerc").write_text(self.CONFIG.format(
            udp_port=udp_port, tcp_port=tcp_port, tls_port=tls_port, trust=self.trust or "", rtp_port=free_port(),
            no_answer_s=no_answer_s, server=self.server, transport=self.transport, user=self.user,
            domain=self.domain, password=self.password, uuid=os.urandom(16).hex()))
        self._spawn(["stdbuf", "-oL", "linphonec", "-S", "-d", "0", "-c", str(self.folder / "linphonerc")],
                    stdin=subprocess.PIPE, cwd=self.folder,
                    env={**os.environ, "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / ".local/share"),
                         "XDG_CONFIG_HOME": str(self.folder / ".config")})
        for line in ("soundcard use files", f"play {self.folder}/tone.wav", f"record {self.folder}/heard.wav"):
            self._type(line)
        return self

    def _type(self, line):
        self._say(f"> {line}")
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_registered(self):
        for _ in range(PATIENCE_S * 5):
            self._type("status register")
            if self.wait(r"^(linphonec> )?registered(, identity|=)")[2] != "=":
                return self
            time.sleep(0.2)
        raise AssertionError(f"{self.aor} does not get registered:\n  " + "\n  ".join(self.said))

    def call(self, uri):
        self._type(f"call {uri}")

    def wait_ringing(self):
        self.wait("Receiving new incoming call")

    def wait_ringback(self):
        self.wait(r"Call \d+ to .* ringing")

    def answer(self):
        self._type("answer")

    def hang_up(self):
        self._type("terminate")

    refuse = hang_up  # a call not yet answered gets a 603 by it

    def wait_talking(self):
        self.wait("Media streams established")

    def wait_over(self, seconds=PATIENCE_S):
        """Returns why, in linphone's words."""
        return self.wait(r"Call \d+ (?:with|to) \S+ (ended .*|error.*)", seconds)[1]

    def _heard(self):
        return self.folder.glob("heard*.wav")
