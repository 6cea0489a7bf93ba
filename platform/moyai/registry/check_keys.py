"""That keys tell persons apart: four eyes are by keys. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from moyai.registry.parts import Parts
from moyai.registry.paths import Path
from moyai.registry.persons import is_same
from moyai.registry.problems import Reporter
from moyai.registry.ssh_keys import why_unfit
from moyai.registry.words import one_line
from moyai.texts import Text


def check_keys(parts: Parts, reporter: Reporter) -> None:
    """Report each key that another person has, too, with the line of the first.

    A person, known by the address, may be named several times: as an operator, and by several bodies. A key of
    before is a person's too.
    """
    first: dict[str, tuple[str, Path]] = {}
    for email, line, path in _keys(parts):
        if reporter.is_muted(path) or why_unfit(line) is not None:
            continue
        key = line.split()[1].rstrip("=")
        owner, place = first.setdefault(key, (email, path))
        if not is_same(owner, email):
            number, name = reporter.line(place), one_line(owner)
            reporter.error(
                path,
                Text(
                    f"{name} の鍵と同じです（{number} 行目）。鍵は人ごとに別のものにします"
                    "（承認する人と計画した人を鍵で見分けます）",
                    f"this is the key of {name}, too (line {number}): each person needs a key of their own, "
                    "as who approves is told from who planned by the keys",
                ),
            )


def _keys(parts: Parts) -> Iterator[tuple[str, str, Path]]:
    for i, one in parts.operators.items():
        yield one.email, one.ssh_key, ("operators", i, "ssh_key")
    for index, body in parts.tenants.items():
        for i, approver in enumerate(body.approvers):
            yield approver.email, approver.ssh_key, ("tenants", index, "approvers", i, "ssh_key")
    for i, former in parts.former_keys.items():
        yield former.email, former.ssh_key, ("former_keys", i, "ssh_key")
