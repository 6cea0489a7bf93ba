"""A file older than the one applied last is noticed."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.sample import SAMPLE

from moyai.errors import OperationFailed
from moyai.operations.site.history import History
from moyai.registry.load import require
from moyai.registry.models import Registry


class Kept:
    """Documents in memory."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}

    def read_all(self, prefix: str) -> Mapping[str, bytes]:
        return {key: value for key, value in self.found.items() if key.startswith(prefix)}

    def read(self, key: str) -> bytes | None:
        return self.found.get(key)

    def write(self, key: str, content: bytes) -> None:
        self.found[key] = content

    def delete(self, key: str) -> None:
        self.found.pop(key, None)


@pytest.fixture(scope="module")
def sample() -> Registry:
    return require(SAMPLE)


def _file(sample: Registry, folder: Path, sha256: str) -> Registry:
    return dataclasses.replace(sample, path=folder / "tenants.yaml", sha256=sha256)


def test_a_content_applied_before_a_newer_one_is_older(sample: Registry, tmp_path: Path) -> None:
    history = History(Kept())
    first, second = _file(sample, tmp_path, "a"), _file(sample, tmp_path, "b")
    assert history.older(first) is None
    history.remember(first)
    assert history.older(first) is None
    assert history.older(second) is None
    history.remember(second)
    assert history.older(second) is None
    reason = history.older(first)
    assert reason is not None
    assert "another one was applied after it" in reason.en
    history.remember(first)
    assert history.older(first) is None
    assert [entry.sha256 for entry in history.entries()] == ["a", "b", "a"]


def test_a_checkout_that_stands_before_the_applied_commit_is_older(
    sample: Registry, tmp_path: Path
) -> None:
    def git(*arguments: str) -> str:
        words = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.jp"]
        done = subprocess.run([*words, *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    commits = []
    for words in ("one", "two"):
        (tmp_path / "tenants.yaml").write_text(words, encoding="utf-8")
        git("add", ".")
        git("commit", "-q", "-m", words)
        commits.append(git("rev-parse", "HEAD"))
    history = History(Kept())
    history.remember(_file(sample, tmp_path, "two"))
    assert history.entries()[-1].commit == commits[1]
    git("checkout", "-q", commits[0])
    (tmp_path / "tenants.yaml").write_text("one, edited", encoding="utf-8")
    reason = history.older(_file(sample, tmp_path, "edited"))
    assert reason is not None
    assert commits[1][:12] in reason.en


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'[{"sha256": "a"}]', b'{"a": 1}', b"\xff"])
def test_a_damaged_history_is_told_and_begun_anew_where_asked_for(
    sample: Registry, tmp_path: Path, content: bytes
) -> None:
    documents = Kept()
    documents.write("history/tenants.json", content)
    history = History(documents)
    with pytest.raises(OperationFailed, match="cannot be told") as caught:
        history.older(_file(sample, tmp_path, "a"))
    assert "--allow-older" in str(caught.value.remedy)
    history.remember(_file(sample, tmp_path, "a"))
    assert [entry.sha256 for entry in history.entries()] == ["a"]
    assert content in documents.found.values()
