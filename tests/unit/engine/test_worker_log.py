"""Logs of runs hold no secret, and not too much."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from moyai.engine.stacks import MASKED, StackId
from moyai.engine.worker.log import Redactor, RunLog, rotate, secrets_of

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=6).filter(
    lambda s: len(s.strip()) >= 6 and len(s.splitlines()) == 1 and s.strip() not in MASKED
)


@given(WORDS, st.text(), st.text())
def test_a_secret_never_stays(secret: str, before: str, after: str) -> None:
    assert secret.strip() not in Redactor([secret]).clean(before + secret + after)


@given(WORDS, st.booleans())
@example("00000\\", False)
def test_nor_within_json(secret: str, ascii_only: bool) -> None:
    redactor = Redactor()
    redactor.add({"a": [secret]})
    cleaned = redactor.clean(json.dumps({"x": secret}, ensure_ascii=ascii_only))
    assert MASKED in json.loads(cleaned)["x"]
    assert secret.strip() not in json.loads(cleaned)["x"]


def test_each_line_of_a_secret_is_one() -> None:
    redactor = Redactor(["first line\nsecond line"])
    assert redactor.clean("<second line>") == f"<{MASKED}>"


def test_the_longest_secret_goes_first() -> None:
    assert Redactor(["secret", "secret-and-more"]).clean("secret-and-more") == MASKED


def test_short_values_are_no_secrets() -> None:
    assert Redactor(["yes", ""]).clean("yes, no") == "yes, no"


def test_secrets_of_an_environment(tmp_path: Path) -> None:
    words = tmp_path / "passphrase"
    words.write_text("the passphrase\n")
    environment = {
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(words),
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_SESSION_TOKEN": "token",
        "PATH": "/bin",
    }
    assert sorted(secrets_of(environment)) == ["key", "the passphrase", "token"]
    assert secrets_of({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "none")}) == []


def test_logs_are_private_clean_and_few(tmp_path: Path) -> None:
    stack = StackId("proj", "s")
    for number in range(15):
        log = RunLog(tmp_path, stack, "up", Redactor(["classified"]))
        log.write(f"{number}: classified\n")
        log.close()
    assert log.path.read_text() == f"14: {MASKED}\n"
    assert log.path.stat().st_mode & 0o777 == 0o600
    kept = sorted(log.path.parent.iterdir())
    assert len(kept) == 10
    assert kept[-1] == log.path


def test_a_log_ends_before_it_fills_the_disk(tmp_path: Path) -> None:
    log = RunLog(tmp_path, StackId("p", "s"), "up", Redactor())
    for _ in range(100):
        log.write("x" * (1 << 18))
    log.close()
    assert log.path.stat().st_size <= 8 << 20


def test_rotation(tmp_path: Path) -> None:
    log = tmp_path / "plugin.log"
    rotate(log)
    log.write_text("x" * 10)
    rotate(log, largest=10)
    assert log.exists()
    rotate(log, largest=9)
    assert not log.exists()
    assert (tmp_path / "plugin.log.1").read_text() == "x" * 10
