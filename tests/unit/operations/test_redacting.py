"""No secret stays in a runbook's output: those that are known, in any form, and what looks like one."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moyai.engine.stacks import MASKED
from moyai.operations.runbooks.known_secrets import KnownSecrets, files_of
from moyai.operations.runbooks.redacting import Redacting

HIDDEN = "Hu9ter-2.zQ"
LONG = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1"
SECRETS = [
    "127.0.0.1:*:operations:moyai_worker_login:{}",
    "db.example.jp:5432:operations:moyai_operator_login:{} and more",
    "pgpass.moyai_worker:127.0.0.1:5432:operations:moyai_worker_login:{}",
    r"fe80\:\:1:5432:operations:moyai_worker_login:{}",
    'line "127.0.0.1:5432:db:moyai:{}" of a file',
    '{{"password": "{}"}}',
    '{{"password": "a b {}"}}',
    '"{{\\"password\\":\\"{}\\"}}"',
    "db_password: {}",
    "PGPASSWORD={}",
    "GITLAB_TOKEN={}",
    "export DEPLOY_KEY='x {}'",
    "MOYAI_SECRET={}",
    "X-Api-Key: {}",
    '"client_secret" : "{}"',
    '"SecretString": "{}"',
    '"access_token":"{}"',
    "Authorization: Basic {}",
    "curl -H 'Authorization: Bearer {}'",
    "--token {}",
    "postgresql://moyai:{}@host/db",
]


@pytest.mark.parametrize("line", SECRETS)
def test_what_looks_like_a_secret_is_taken_out(line: str) -> None:
    shown = Redacting(str).line(line.format(HIDDEN))
    assert HIDDEN not in shown
    assert MASKED in shown


@pytest.mark.parametrize(
    "token",
    [
        f"IQoJb3JpZ2luX2VjE{LONG}/+{LONG}",
        f"FwoGZXIvYXdzE{LONG}",
        f"Bearer {LONG}",
        f"ghp_{LONG[:36]}",
        f"github_pat_{LONG}",
        f"glpat-{LONG[:20]}",
        f"xoxb-{LONG[:20]}",
        f"whsec_{LONG}=",
        f"AIza{LONG[:35]}",
        "ASIAABCDEFGHIJKLMNOP",
    ],
)
def test_a_token_is_known_by_its_own_shape(token: str) -> None:
    shown = Redacting(str).line(f"it is {token} here")
    assert token.split()[-1] not in shown
    assert shown.startswith("it is ")
    assert shown.endswith(" here")


@pytest.mark.parametrize(
    "line",
    [
        "2001:0:3238:dfe1:63:fefb:1:2",
        "03:12:45:INFO:begun",
        "arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:moyai/x",
        "secret_file: /etc/moyai/webhook-secret",
        "password_file=/etc/moyai/smtp-password",
        "PULUMI_CONFIG_PASSPHRASE_FILE=/x/passphrase",
        "272027 岸和田市 current 2026-11-27 09:00:00 JST",
        "http://127.0.0.1:4566/health",
        '{"key": "value", "code": "272027"}',
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert Redacting(str).line(line) == line


def test_a_block_of_pgp_is_masked_whole() -> None:
    redacting = Redacting(str)
    lines = [
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
        "abc",
        "-----END PGP PRIVATE KEY BLOCK-----",
        "x",
    ]
    assert [redacting.line(one) for one in lines] == [MASKED, MASKED, MASKED, "x"]


secret = some.text(
    some.characters(min_codepoint=33, max_codepoint=0x3100), min_size=6, max_size=40
).filter(lambda one: one == one.strip() and len(one.splitlines()) == 1)


@given(secret, some.text(max_size=9))
def test_a_known_secret_is_found_in_every_form(hidden: str, beside: str) -> None:
    known = KnownSecrets([hidden], list)
    content = hidden.encode()
    for form in (
        hidden,
        json.dumps(hidden)[1:-1],
        quote(hidden, safe=""),
        content.hex(),
        base64.b64encode(content).decode(),
    ):
        assert form not in known.clean(f"{beside}{form}{beside}").replace(MASKED, "")


@given(
    some.text(some.characters(min_codepoint=48, max_codepoint=122), min_size=18),
    some.binary(max_size=9),
)
def test_a_known_secret_is_found_within_base64_of_more(hidden: str, beside: bytes) -> None:
    coded = base64.b64encode(beside + hidden.encode() + beside).decode()
    assert MASKED in KnownSecrets([hidden], list).clean(coded)


@given(some.integers(0, 120))
def test_a_known_secret_is_found_where_base64_breaks_its_lines(before: int) -> None:
    known = KnownSecrets([LONG], list)
    coded = base64.encodebytes(b"x" * before + LONG.encode()).decode()
    left = known.clean(coded)
    for at in range(len(LONG) - 9):
        assert base64.b64encode(LONG[at : at + 9].encode()).decode() not in left


def test_passwords_on_this_machine_are_known_also_new_ones(tmp_path: Path) -> None:
    site, named = tmp_path / "sites" / "sandbox", tmp_path / "webhook-secret"
    (site / "operations").mkdir(parents=True)
    (site / "passphrase").write_text("the-passphrase")
    named.write_text("hook-words\n")
    pgpass = site / "operations" / "pgpass.moyai_worker"
    pgpass.write_text("127.0.0.1:*:operations:moyai_worker_login:ASRF\\:12345\n")
    known = KnownSecrets([], lambda: files_of([site], [named]))
    words = "ASRF:12345 ASRF\\:12345 the-passphrase hook-words stays"
    assert known.clean(words) == " ".join([MASKED] * 4) + " stays"
    pgpass.write_text("127.0.0.1:*:operations:moyai_worker_login:another-one\n")
    time.sleep(0.3)
    assert known.clean("ASRF:12345 another-one") == f"{MASKED} {MASKED}"
