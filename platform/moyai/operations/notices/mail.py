"""Mail by SMTP: with STARTTLS or TLS, the server's certificate checked.

A message has the same Message-ID whenever it is sent. All words in headers are encoded, and none ends a line.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from pathlib import Path

from moyai.loopback import is_loopback
from moyai.operations.notices.message import Message, Undelivered, both
from moyai.operations.notices.secret_files import read_secret
from moyai.registry.operation_settings import Smtp
from moyai.texts import Text, of_system, visible

_SECONDS = 15.0
"""For each answer of the server."""
_SENDER = "もやい"


class _Policy(EmailPolicy):
    """Subjects keep their spaces: the library's own folding drops one between two encoded words."""

    def fold(self, name: str, value: str) -> str:
        """A header in lines."""
        if name.lower() != "subject":
            return str(super().fold(name, value))
        words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {words}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """The same as bytes."""
        if name.lower() != "subject":
            return super().fold_binary(name, value)
        return self.fold(name, value).encode("ascii")


_POLICY = _Policy(linesep="\r\n")


def send_mail(smtp: Smtp, to: str, message: Message) -> None:
    """Send it. Raises `Undelivered`."""
    mail = compose(smtp, to, message)
    password = None if smtp.user is None else _password(smtp)
    with _telling(smtp), _connected(smtp) as server:
        if smtp.user is not None and password is not None:
            server.login(smtp.user, password)
        server.send_message(mail, from_addr=smtp.sender, to_addrs=[to])


def compose(smtp: Smtp, to: str, message: Message) -> EmailMessage:
    """The mail. Raises `Undelivered` for an address that is none."""
    content = message.content
    mail = EmailMessage(policy=_POLICY)
    try:
        to.encode("ascii")
        mail["From"] = Address(_SENDER, addr_spec=smtp.sender)
        mail["To"] = Address(addr_spec=to)
    except (ValueError, IndexError):
        raise Undelivered(
            Text("メールアドレスの形が正しくありません。", "it is no e-mail address."), final=True
        ) from None
    mail["Subject"] = visible(content.subject.ja)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@{smtp.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Moyai-Operation"] = visible(message.operation)
    mail["X-Moyai-Event"] = visible(message.event)
    mail.set_content(both(content.text) + "\n", cte="base64")
    return mail


@contextmanager
def _connected(smtp: Smtp) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    # Its own name, which smtplib would say, is looked up in DNS, and nobody's to know.
    said = smtp.sender.rpartition("@")[2]
    host, port = smtp.host, smtp.port
    server = (
        smtplib.SMTP_SSL(host, port, said, timeout=_SECONDS, context=context)
        if smtp.security == "tls"
        else smtplib.SMTP(host, port, said, timeout=_SECONDS)
    )
    with server:
        if smtp.security == "starttls":
            server.starttls(context=context)
        yield server


def _password(smtp: Smtp) -> str:
    if smtp.security == "none" and not is_loopback(smtp.host):
        raise Undelivered(
            Text(
                "暗号化しない接続ではパスワードを送りません（security を starttls か tls に）。",
                "no password is sent without encryption: set security to starttls or tls.",
            )
        )
    assert smtp.password_file is not None
    return read_secret(Path(smtp.password_file))


@contextmanager
def _telling(smtp: Smtp) -> Iterator[None]:
    """What went wrong, without what the server wrote where it may have repeated a secret."""
    place = f"{smtp.host}:{smtp.port}"
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        [(code, _)] = error.recipients.values() or [(0, b"")]
        raise _answered(place, code, final=500 <= code < 600) from None
    except smtplib.SMTPAuthenticationError as error:
        why = Text(
            f"{place} にログインできません（{error.smtp_code}）。",
            f"{place} refuses the login ({error.smtp_code}).",
        )
        raise Undelivered(why, everything=True) from None
    except smtplib.SMTPSenderRefused as error:
        raise _answered(place, error.smtp_code, everything=True) from None
    except smtplib.SMTPResponseException as error:
        greeting = isinstance(error, (smtplib.SMTPConnectError, smtplib.SMTPHeloError))
        raise _answered(place, error.smtp_code, everything=greeting) from None
    except ssl.SSLCertVerificationError as error:
        reason = visible(error.verify_message)
        why = Text(
            f"{place} の証明書を確認できません（{reason}）。",
            f"the certificate of {place} cannot be verified ({reason}).",
        )
        raise Undelivered(why, everything=True) from None
    except smtplib.SMTPNotSupportedError:
        why = Text(
            f"{place} は STARTTLS かログインに対応していません。",
            f"{place} has no STARTTLS, or no login.",
        )
        raise Undelivered(why, everything=True) from None
    except (smtplib.SMTPException, OSError) as error:
        said = of_system(error) if isinstance(error, OSError) else Text("", "")
        name = type(error).__name__
        reason_of = Text(visible(said.ja) or name, visible(said.en) or name)
        why = Text(
            f"{place} と通信できません（{reason_of.ja}）。",
            f"{place} does not answer as it should ({reason_of.en}).",
        )
        raise Undelivered(why, everything=True) from None


def _answered(
    place: str, code: int, *, final: bool = False, everything: bool = False
) -> Undelivered:
    why = Text(f"{place} が受け付けませんでした（{code}）。", f"{place} did not take it ({code}).")
    return Undelivered(why, final=final, everything=everything)
