"""`moyai operation test-notifications` against servers on the loopback."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from receivers import MailServer, WebServer
from test_webhook import SECRET
from tests.sample import lay_out
from tests.warm import run_warm

from moyai.engine.sites import EmbeddedSite

Run = Callable[..., subprocess.CompletedProcess[str]]
_MARK = "operations:\n"


@pytest.fixture
def moyai(tmp_path: Path, mail_server: MailServer, web: WebServer) -> Run:
    """Runs a command in a project whose channels are these servers."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    file = lay_out(tmp_path / "project")
    smtp = f"{{ host: localhost, port: {mail_server.port}, from: m@example.jp, security: none }}"
    hook = f"{{ url: {web.url}, secret_file: {secret}, events: [done] }}"
    words = f"  notifications: {{ smtp: {smtp}, operators: [done], webhooks: [{hook}] }}\n"
    text = file.read_text(encoding="utf-8")
    assert text.count(_MARK) == 1
    file.write_text(text.replace(_MARK, _MARK + words), encoding="utf-8")

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        home = {"MOYAI_HOME": str(tmp_path / "home"), "MOYAI_LANG": "en"}
        return run_warm(arguments, file.parent, {**os.environ, **home, **variables}, 60)

    return run


def test_each_channel_is_tried_with_a_message(
    moyai: Run, mail_server: MailServer, web: WebServer
) -> None:
    done = moyai("operation", "test-notifications", "--to", "me@example.jp", "--output", "json")
    assert done.returncode == 0, done.stderr
    assert [(one["channel"], one["to"], one["status"]) for one in json.loads(done.stdout)] == [
        ("mail", "me@example.jp", "sent"),
        ("webhook", "127.0.0.1", "sent"),
    ]
    assert "通知の確認" in mail_server.letters[0].text
    assert json.loads(web.posted[0].body)["type"] == "operation.test"


def test_what_one_channel_refuses_is_said_and_the_others_are_tried(
    moyai: Run, mail_server: MailServer, web: WebServer
) -> None:
    mail_server.refused["me@example.jp"] = "550 unknown"
    done = moyai("operation", "test-notifications", MOYAI_OPERATOR="me@example.jp")
    assert done.returncode == 4
    assert "did not take it (550)" in done.stdout
    assert "1 of 2 did not take it" in done.stderr
    assert len(web.posted) == 1


def test_without_an_address_nothing_is_sent(
    moyai: Run, mail_server: MailServer, web: WebServer
) -> None:
    done = moyai("operation", "test-notifications", MOYAI_OPERATOR="")
    assert done.returncode == 2
    assert "--to" in done.stderr
    assert (mail_server.letters, web.posted) == ([], [])


def test_a_file_without_channels_is_told_so(tmp_path: Path) -> None:
    file = lay_out(tmp_path / "project")
    home = {**os.environ, "MOYAI_HOME": str(tmp_path / "home"), "MOYAI_LANG": "en"}
    done = run_warm(("operation", "test-notifications"), file.parent, home, 60)
    assert done.returncode == 2
    assert "names nobody to tell" in done.stderr


def test_notices_are_listed_by_a_command(sandbox: EmbeddedSite, tmp_path: Path) -> None:
    home = sandbox.home.parents[1]
    file = lay_out(tmp_path / "project")
    variables = {**os.environ, "MOYAI_HOME": str(home), "MOYAI_LANG": "en"}
    listed = run_warm(("operation", "notices", "-o", "json"), file.parent, variables, 60)
    assert (listed.returncode, json.loads(listed.stdout)) == (0, []), listed.stderr
