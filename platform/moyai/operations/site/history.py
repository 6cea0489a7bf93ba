"""Which files were applied, in order: a file older than the one applied last is noticed.

A file is older where its very content was applied before something newer, or where the checkout
stands at a commit that lies before the one that was applied last.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
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
    """One file that a deploy began with, or that operations were planned by."""

    sha256: str
    commit: str | None
    """HEAD of the checkout, where there is one and the file is as committed."""
    at: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """Why a file is an older one."""

    by: AppliedFile
    """The newest."""
    was: AppliedFile | None
    """When the file itself was used last; None: its checkout stands before the newest's commit."""


def superseded(registry: Registry, known: Sequence[AppliedFile]) -> Superseded | None:
    """Whether a file is older than the newest of those that are known, oldest first; None: it is not.

    One that was known before the newest is not older where its checkout stands behind the newest's commit: it
    was put back on purpose.
    """
    if not known or known[-1].sha256 == registry.sha256:
        return None
    newest = known[-1]
    was = next((one for one in reversed(known) if one.sha256 == registry.sha256), None)
    if was is not None:
        behind = newest.commit is not None and _is_behind(registry.path, newest.commit)
        return None if behind else Superseded(newest, was)
    if newest.commit is not None and _is_before(registry.path, newest.commit):
        return Superseded(newest, None)
    return None


def in_order(*sources: Sequence[AppliedFile]) -> tuple[AppliedFile, ...]:
    """Files of several records as one, by their moments."""
    every = (one for source in sources for one in source)
    return tuple(sorted(every, key=_moment))


def _moment(file: AppliedFile) -> datetime:
    try:
        found = datetime.fromisoformat(file.at)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


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
        found = superseded(registry, self.entries())
        if found is None:
            return None
        if found.was is None:
            commit = (found.by.commit or "")[:12]
            return Text(
                f"この作業ツリーは、最後に適用したコミット {commit} より前にあります。",
                f"this checkout stands before commit {commit}, which was applied last.",
            )
        first, then = in_japan(found.was.at), in_japan(found.by.at)
        return Text(
            f"この tenants.yaml は {first} に適用したもので、その後 {then} に"
            "別の内容を適用しています。",
            f"this tenants.yaml was applied at {first}; another one was applied after it, "
            f"at {then}.",
        )

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
        applied = AppliedFile(registry.sha256, commit_of(registry.path), now)
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


def commit_of(path: Path) -> str | None:
    """HEAD of a file's checkout; None where there is none, or where the file is not as committed."""
    clean = _git(path.parent, "diff", "--quiet", "HEAD", "--", path.name)
    head = _git(path.parent, "rev-parse", "HEAD")
    if clean is None or head is None or clean.returncode != 0 or head.returncode != 0:
        return None
    return head.stdout.strip()


def _is_behind(path: Path, commit: str) -> bool:
    """Whether a file is as committed in a checkout that has a commit and stands further on."""
    head = commit_of(path)
    if head is None or head == commit:
        return False
    ancestor = _git(path.parent, "merge-base", "--is-ancestor", commit, head)
    return ancestor is not None and ancestor.returncode == 0


def _is_before(path: Path, commit: str) -> bool:
    head = _git(path.parent, "rev-parse", "HEAD")
    if head is None or head.returncode != 0 or head.stdout.strip() == commit:
        return False
    ancestor = _git(path.parent, "merge-base", "--is-ancestor", "HEAD", commit)
    return ancestor is not None and ancestor.returncode == 0
