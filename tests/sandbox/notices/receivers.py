"""A mail server and a web server on the loopback, as small as the channels need them."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """Its certificate, and a certificate with its key for `localhost`."""

    root: Path
    server: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def make_authority(folder: Path) -> Authority:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)

    def certificate(
        subject: x509.Name, public: Any, extension: x509.ExtensionType
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(name)
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1))
        builder = builder.not_valid_after(now + timedelta(days=1))
        return builder.add_extension(extension, critical=True).sign(root_key, hashes.SHA256())

    host = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    root = certificate(name, root_key.public_key(), x509.BasicConstraints(ca=True, path_length=0))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    server = certificate(host, key.public_key(), names)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "server.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + server.public_bytes(Encoding.PEM)
    )
    return Authority(folder / "root.pem", folder / "server.pem")


@dataclass(frozen=True)
class Letter:
    """What came."""

    sender: str
    recipients: tuple[str, ...]
    encrypted: bool
    login: str | None
    mail: EmailMessage

    @property
    def text(self) -> str:
        return self.mail.get_content()


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail; with STARTTLS, or TLS from the beginning."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, authority: Authority) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.tls = authority.context()
        self.implicit_tls = False
        self.offers_starttls = True
        self.greeting = "220 localhost"
        self.refused: dict[str, str] = {}
        """Recipient → what it is answered."""
        self.logins = {"moyai": "correct horse"}
        self.letters: list[Letter] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> MailServer:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


@dataclass
class _Talk:
    encrypted: bool = False
    login: str | None = None
    sender: str = ""
    recipients: list[str] = field(default_factory=list)


class _MailHandler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.office = cast("MailServer", self.server)
        self.talk = _Talk()
        try:
            if self.office.implicit_tls:
                self._encrypt()
            self._say(self.office.greeting)
            while line := self.rfile.readline().decode().strip():
                verb, _, rest = line.partition(" ")
                if not self._answer(verb.upper(), rest):
                    return
        except (OSError, ValueError):
            return

    def _answer(self, verb: str, rest: str) -> bool:
        talk = self.talk
        if verb == "EHLO":
            extensions = ["localhost", *self._extensions()]
            for at, one in enumerate(extensions, 1):
                self._say(f"250{' ' if at == len(extensions) else '-'}{one}")
        elif verb == "STARTTLS":
            self._say("220 go on")
            self._encrypt()
        elif verb == "AUTH":
            _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
            known = self.office.logins.get(user) == password
            talk.login = user if known else None
            self._say("235 welcome" if known else f"535 no such login: {password}")
        elif verb == "MAIL":
            talk.sender = _address(rest)
            self._say("250 ok")
        elif verb == "RCPT":
            talk.recipients.append(_address(rest))
            self._say(self.office.refused.get(_address(rest), "250 ok"))
        elif verb == "DATA":
            self._say("354 go on")
            self._take()
        elif verb == "RSET":
            self._say("250 ok")
        else:
            self._say("221 bye")
            return False
        return True

    def _extensions(self) -> list[str]:
        found = ["AUTH PLAIN"]
        if self.office.offers_starttls and not self.talk.encrypted:
            found.append("STARTTLS")
        return found

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        mail = cast("EmailMessage", message_from_bytes(b"".join(lines), policy=default))
        talk = self.talk
        letter = Letter(talk.sender, tuple(talk.recipients), talk.encrypted, talk.login, mail)
        self.office.letters.append(letter)
        self._say("250 taken")

    def _encrypt(self) -> None:
        self.connection = self.office.tls.wrap_socket(self.request, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)  # type: ignore[assignment]
        self.talk = _Talk(encrypted=True)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


def _address(words: str) -> str:
    return words.partition("<")[2].partition(">")[0]


@dataclass(frozen=True)
class Posted:
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: bytes


class WebServer(ThreadingHTTPServer):
    """Takes what is posted, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _WebHandler)
        self.status = 204
        self.location: str | None = None
        self.posted: list[Posted] = []
        self.url = ""

    def server_bind(self) -> None:
        """Without looking up its own name."""
        socketserver.TCPServer.server_bind(self)


class _WebHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast("WebServer", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.posted.append(Posted(self.path, dict(self.headers), body))
        self.send_response(server.status)
        if server.location is not None:
            self.send_header("Location", server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def web_server(authority: Authority | None) -> Iterator[WebServer]:
    """A server by HTTP, or by HTTPS with a certificate for `localhost`."""
    server = WebServer()
    host, scheme = "127.0.0.1", "http"
    if authority is not None:
        server.socket = authority.context().wrap_socket(server.socket, server_side=True)
        host, scheme = "localhost", "https"
    server.url = f"{scheme}://{host}:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
