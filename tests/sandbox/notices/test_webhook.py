"""Webhooks as a server on the loopback gets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from receivers import Authority, WebServer
from standardwebhooks.webhooks import Webhook
from test_mail import MESSAGE

from moyai.operations.notices.message import Undelivered
from moyai.operations.notices.webhook import post

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    return str(file)


def test_a_webhook_is_signed_as_the_standard_says(web: WebServer, secret: str) -> None:
    post(f"{web.url}?room=1", secret, MESSAGE)
    [posted] = web.posted
    assert posted.path == "/hook?room=1"
    document = Webhook(SECRET).verify(posted.body, posted.headers)
    assert document["type"] == "operation.wave_held"
    assert document["timestamp"] == "2026-11-26T13:05:00+00:00"
    assert document["data"]["title"] == {"ja": "[もやい] 保留", "en": "[Moyai] Held"}


def test_the_same_message_has_the_same_id_each_time(web: WebServer, secret: str) -> None:
    post(web.url, secret, MESSAGE)
    post(web.url, secret, MESSAGE)
    assert [one.headers["webhook-id"] for one in web.posted] == [MESSAGE.id] * 2
    assert json.loads(web.posted[0].body) == json.loads(web.posted[1].body)


def test_https_goes_to_whom_an_authority_vouches_for(
    tls_web: WebServer, trusted: Authority, secret: str
) -> None:
    post(tls_web.url, secret, MESSAGE)
    assert len(tls_web.posted) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_web: WebServer, secret: str) -> None:
    with pytest.raises(Undelivered, match="certificate"):
        post(tls_web.url, secret, MESSAGE)
    assert tls_web.posted == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.jp/x",
        "http://localhost.example.jp/x",
        "http://127.0.0.1@hooks.example.jp/x",
        "https://user:word@hooks.example.jp/x",
        "file:///etc/hostname",
        "https://",
        "https://[x",
        "https://a:b/x",
    ],
)
def test_only_https_goes_to_another_machine(url: str, secret: str) -> None:
    with pytest.raises(Undelivered, match="https") as caught:
        post(url, secret, MESSAGE)
    assert caught.value.final


@pytest.mark.parametrize("status", [301, 307, 308])
def test_no_redirect_is_followed(web: WebServer, secret: str, status: int) -> None:
    web.status, web.location = status, web.url
    with pytest.raises(Undelivered, match=str(status)):
        post(web.url, secret, MESSAGE)
    assert len(web.posted) == 1


@pytest.mark.parametrize(("status", "final"), [(500, False), (404, False), (410, True)])
def test_what_is_not_taken_is_tried_again_unless_it_is_wanted_no_more(
    web: WebServer, secret: str, status: int, final: bool
) -> None:
    web.status = status
    with pytest.raises(Undelivered, match=str(status)) as caught:
        post(web.url, secret, MESSAGE)
    assert caught.value.final is final


def test_a_secret_that_others_may_read_signs_nothing(web: WebServer, tmp_path: Path) -> None:
    file = tmp_path / "open"
    file.write_text(SECRET)
    file.chmod(0o644)
    with pytest.raises(Undelivered, match="0600"):
        post(web.url, str(file), MESSAGE)
    assert web.posted == []


@pytest.mark.parametrize("words", ["", "a\nb\n", "whsec_", "\xff\xfe", "x" * 5000])
def test_a_file_without_a_secret_signs_nothing(web: WebServer, tmp_path: Path, words: str) -> None:
    file = tmp_path / "empty"
    file.write_bytes(words.encode("latin-1"))
    file.chmod(0o600)
    with pytest.raises(Undelivered):
        post(web.url, str(file), MESSAGE)
    assert web.posted == []


def test_a_server_that_is_away_is_tried_again(secret: str) -> None:
    with pytest.raises(Undelivered, match="cannot be reached") as caught:
        post("http://127.0.0.1:1/x", secret, MESSAGE)
    assert not caught.value.final
