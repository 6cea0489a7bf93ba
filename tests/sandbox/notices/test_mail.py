"""Mail as a server on the loopback gets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from receivers import Authority, MailServer

from moyai.operations.notices.mail import send_mail
from moyai.operations.notices.message import Content, Message, Undelivered
from moyai.registry.operation_settings import Smtp
from moyai.texts import Text

TO = "shonin@jimukyoku.example.jp"
MESSAGE = Message(
    "0123456789abcdef" * 2,
    "wave_held",
    "20261126-3",
    datetime(2026, 11, 26, 13, 5, tzinfo=UTC),
    Content(Text("[もやい] 保留", "[Moyai] Held"), Text("適用枠\n保留", "wave\nheld"), {}),
)


def _smtp(server: MailServer, tmp_path: Path, **given: object) -> Smtp:
    file = tmp_path / "password"
    if not file.exists():
        file.write_text("correct horse\n")
        file.chmod(0o600)
    smtp = Smtp("localhost", server.port, "moyai@example.jp", "starttls", "moyai", str(file))
    return replace(smtp, **given)  # type: ignore[arg-type]


def test_mail_goes_encrypted_and_logged_in_in_both_languages(
    mail_server: MailServer, trusted: Authority, tmp_path: Path
) -> None:
    send_mail(_smtp(mail_server, tmp_path), TO, MESSAGE)
    [letter] = mail_server.letters
    assert (letter.encrypted, letter.login) == (True, "moyai")
    assert (letter.sender, letter.recipients) == ("moyai@example.jp", (TO,))
    assert letter.mail["Subject"] == "[もやい] 保留"
    assert letter.text.index("適用枠") < letter.text.index("wave")


def test_mail_goes_by_tls_from_the_beginning(
    mail_server: MailServer, trusted: Authority, tmp_path: Path
) -> None:
    mail_server.implicit_tls = True
    send_mail(_smtp(mail_server, tmp_path, security="tls"), TO, MESSAGE)
    assert mail_server.letters[0].encrypted


def test_the_same_message_has_the_same_id_and_moment_each_time(
    mail_server: MailServer, tmp_path: Path
) -> None:
    smtp = _smtp(mail_server, tmp_path, security="none", user=None, password_file=None)
    send_mail(smtp, TO, MESSAGE)
    send_mail(smtp, TO, MESSAGE)
    heads = {(one.mail["Message-ID"], one.mail["Date"]) for one in mail_server.letters}
    assert heads == {(f"<{MESSAGE.id}@example.jp>", "Thu, 26 Nov 2026 13:05:00 +0000")}
    assert len(mail_server.letters) == 2


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    mail_server: MailServer, tmp_path: Path, security: str
) -> None:
    mail_server.implicit_tls = security == "tls"
    with pytest.raises(Undelivered, match="certificate") as caught:
        send_mail(_smtp(mail_server, tmp_path, security=security), TO, MESSAGE)
    assert caught.value.everything
    assert mail_server.letters == []


def test_a_certificate_of_another_name_is_refused(
    mail_server: MailServer, trusted: Authority, tmp_path: Path
) -> None:
    with pytest.raises(Undelivered, match="certificate"):
        send_mail(_smtp(mail_server, tmp_path, host="127.0.0.1"), TO, MESSAGE)


def test_a_server_without_starttls_gets_nothing(
    mail_server: MailServer, trusted: Authority, tmp_path: Path
) -> None:
    mail_server.offers_starttls = False
    with pytest.raises(Undelivered, match="STARTTLS"):
        send_mail(_smtp(mail_server, tmp_path), TO, MESSAGE)
    assert mail_server.letters == []


def test_a_refused_login_does_not_repeat_the_password(
    mail_server: MailServer, trusted: Authority, tmp_path: Path
) -> None:
    mail_server.logins = {}
    with pytest.raises(Undelivered, match="535") as caught:
        send_mail(_smtp(mail_server, tmp_path), TO, MESSAGE)
    assert "horse" not in f"{caught.value.why.ja}{caught.value.why.en}"


def test_a_password_is_not_sent_in_the_clear_to_another_machine(
    mail_server: MailServer, tmp_path: Path
) -> None:
    smtp = _smtp(mail_server, tmp_path, security="none", host="mail.example.jp")
    with pytest.raises(Undelivered, match="without encryption"):
        send_mail(smtp, TO, MESSAGE)


def test_a_password_file_that_others_may_read_is_refused(
    mail_server: MailServer, trusted: Authority, tmp_path: Path
) -> None:
    smtp = _smtp(mail_server, tmp_path)
    (tmp_path / "password").chmod(0o640)
    with pytest.raises(Undelivered, match="0600"):
        send_mail(smtp, TO, MESSAGE)


@pytest.mark.parametrize(("answer", "final"), [("550 unknown", True), ("451 later", False)])
def test_a_refused_recipient_is_given_up_only_where_it_is_refused_for_good(
    mail_server: MailServer, tmp_path: Path, answer: str, final: bool
) -> None:
    mail_server.refused[TO] = answer
    smtp = _smtp(mail_server, tmp_path, security="none", user=None, password_file=None)
    with pytest.raises(Undelivered, match=answer[:3]) as caught:
        send_mail(smtp, TO, MESSAGE)
    assert caught.value.final is final
    assert not caught.value.everything


def test_a_server_that_is_too_busy_keeps_all_mail_waiting(
    mail_server: MailServer, tmp_path: Path
) -> None:
    mail_server.greeting = "421 too busy"
    smtp = _smtp(mail_server, tmp_path, security="none", user=None, password_file=None)
    with pytest.raises(Undelivered, match="421") as caught:
        send_mail(smtp, TO, MESSAGE)
    assert caught.value.everything


def test_a_server_that_is_away_keeps_all_mail_waiting(
    mail_server: MailServer, tmp_path: Path
) -> None:
    smtp = _smtp(mail_server, tmp_path, port=1)
    with pytest.raises(Undelivered) as caught:
        send_mail(smtp, TO, MESSAGE)
    assert caught.value.everything
    assert not caught.value.final


@pytest.mark.parametrize("words", ["保留\r\nBcc: x@example.jp", "保留\n\nbody", "\u202e保留"])
def test_names_bring_no_header_along(mail_server: MailServer, tmp_path: Path, words: str) -> None:
    smtp = _smtp(mail_server, tmp_path, security="none", user=None, password_file=None)
    content = Content(Text(words, words), Text("本文", "text"), {})
    send_mail(smtp, TO, replace(MESSAGE, content=content))
    [letter] = mail_server.letters
    assert letter.mail["Bcc"] is None
    assert letter.recipients == (TO,)
    assert "保留" in letter.mail["Subject"]
    assert letter.text.startswith("本文")


@pytest.mark.parametrize(
    "address", ["a@example.jp\r\nBcc: b@example.jp", "a b", "", "a@b, c@d", "担当@example.jp"]
)
def test_an_address_that_is_none_is_given_up(
    mail_server: MailServer, tmp_path: Path, address: str
) -> None:
    smtp = _smtp(mail_server, tmp_path, security="none", user=None, password_file=None)
    with pytest.raises(Undelivered) as caught:
        send_mail(smtp, address, MESSAGE)
    assert caught.value.final
    assert mail_server.letters == []
