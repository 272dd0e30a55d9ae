"""Certificates as a test wants them, made by openssl: an authority, and what it signs."""

import itertools
import ssl
import subprocess

serials = itertools.count(1)


def openssl(*arguments, **options):
    done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Authority:
    """Who signs. `root` is the file that a client has to trust."""

    def __init__(self, folder, name="Test CA"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = folder, name
        self.root, self.key = folder / "ca.pem", folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30,
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.root)

    def issue(self, names, days=30, usage="serverAuth,clientAuth", subject="/O=Test"):
        """A certificate and its key, two names of files; `names` as in subjectAltName: "DNS:a,URI:sip:b"."""
        place = self.folder / f"{next(serials)}"
        key, request, certificate, extensions = (place.with_suffix(f".{end}") for end in ("key", "csr", "pem", "ext"))
        extensions.write_text((f"subjectAltName={names}\n" if names else "") + f"extendedKeyUsage={usage}\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.root, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key

    def client(self, pair=None):
        """How a phone that believes this authority connects, with a certificate of its own or without."""
        context = ssl.create_default_context(cafile=self.root)
        if pair is not None:
            context.load_cert_chain(*pair)
        return context

    def server(self, pair):
        """How who has that certificate is connected to."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        return context
