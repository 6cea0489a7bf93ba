"""Which files were applied, in order: a file older than the one applied last is noticed.

A file is older where its very content was applied before something newer, or where the checkout
stands at a commit that lies before the one that was applied last.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from moyai.engine.state.records import DocumentStore
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.registry.models import Registry
from moyai.texts import Text, in_japan

_KEY = "history/tenants.json"
_KEPT = 500


@dataclass(frozen=True, slots=True)
class AppliedFile:
    """One file that a deploy began with."""

    sha256: str
    commit: str | None
    """HEAD of the checkout, where there is one and the file is as committed."""
    at: str
    """UTC, ISO 8601."""


class History:
    """The files applied on one site, oldest first."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    def entries(self) -> tuple[AppliedFile, ...]:
        """All that is remembered (the newest 500). Raises `OperationFailed` for a damaged file."""
        content = self._documents.read(_KEY)
        if content is None:
            return ()
        try:
            return tuple(AppliedFile(**entry) for entry in json.loads(content))
        except (ValueError, TypeError) as error:
            raise OperationFailed(
                Text(
                    f"適用したファイルの履歴 {_KEY} が壊れており、この tenants.yaml が最後に適用した"
                    "ものより古いかどうか分かりません。",
                    f"the history of applied files {_KEY} is damaged: whether this tenants.yaml is "
                    "older than the one applied last cannot be told.",
                ),
                touched=NOTHING_TOUCHED,
                remedy=Text(
                    "古くないことを確かめたうえで、--allow-older を付けて適用してください。"
                    "履歴はそこから始め直します（壊れたものは残します）。",
                    "See that it is not, then say --allow-older: the history begins anew from "
                    "there (the damaged one is kept).",
                ),
            ) from error

    def older(self, registry: Registry) -> Text | None:
        """Why this file is older than the one applied last, or None where it is not."""
        entries = self.entries()
        if not entries or entries[-1].sha256 == registry.sha256:
            return None
        last = entries[-1]
        for entry in reversed(entries[:-1]):
            if entry.sha256 == registry.sha256:
                first, then = in_japan(entry.at), in_japan(last.at)
                return Text(
                    f"この tenants.yaml は {first} に適用したもので、その後 {then} に"
                    "別の内容を適用しています。",
                    f"this tenants.yaml was applied at {first}; another one was applied after it, "
                    f"at {then}.",
                )
        if last.commit is not None and _is_before(registry.path, last.commit):
            return Text(
                f"この作業ツリーは、最後に適用したコミット {last.commit[:12]} より前にあります。",
                f"this checkout stands before commit {last.commit[:12]}, which was applied last.",
            )
        return None

    def remember(self, registry: Registry) -> None:
        """Note that this file is being applied. A damaged history is put aside."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            entries = self.entries()
        except OperationFailed:
            damaged = self._documents.read(_KEY) or b""
            self._documents.write(f"{_KEY}.damaged-{now}", damaged)
            entries = ()
        if entries and entries[-1].sha256 == registry.sha256:
            return
        applied = AppliedFile(registry.sha256, _committed(registry.path), now)
        kept = [*entries, applied][-_KEPT:]
        document = [
            {"sha256": entry.sha256, "commit": entry.commit, "at": entry.at} for entry in kept
        ]
        self._documents.write(_KEY, json.dumps(document, indent=1).encode())


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _committed(path: Path) -> str | None:
    clean = _git(path.parent, "diff", "--quiet", "HEAD", "--", path.name)
    head = _git(path.parent, "rev-parse", "HEAD")
    if clean is None or head is None or clean.returncode != 0 or head.returncode != 0:
        return None
    return head.stdout.strip()


def _is_before(path: Path, commit: str) -> bool:
    head = _git(path.parent, "rev-parse", "HEAD")
    if head is None or head.returncode != 0 or head.stdout.strip() == commit:
        return False
    ancestor = _git(path.parent, "merge-base", "--is-ancestor", "HEAD", commit)
    return ancestor is not None and ancestor.returncode == 0
