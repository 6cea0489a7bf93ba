"""Chains held against each other and against the tables: what one tells of and another lacks was taken out.

Who cuts a chain off together with its head leaves it whole in itself; until its next anchor only the others
know better: the tables what was begun, done, approved, asked for and noted down, the federation's chain what
was planned for whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from moyai.audit.records import FEDERATION, AuditRecord, chain_of
from moyai.audit.verify import Finding
from moyai.operations.audit.mirrored import Mirrors
from moyai.operations.audit.seen import Seen
from moyai.operations.database.audit_wanted import Ending, Known, Told
from moyai.texts import Text, visible

_MOST = 100
"""Findings of one chain; there may be as many as records."""


class Wanted:
    """What tables say that chains have, asked for chain by chain in the chains' order."""

    def __init__(self, rows: Iterable[tuple[str, Known, Ending | None]]) -> None:
        self._groups = groupby(rows, key=lambda row: row[0])
        self._next: tuple[str, Told] | None = None
        self._read()

    def before(self, chain: str | None) -> Iterator[tuple[str, Told]]:
        """Chains before one, or all that are left (None): of those the tables tell, and they are not there."""
        while self._next is not None and (chain is None or self._next[0] < chain):
            yield self._next
            self._read()

    def of(self, chain: str) -> Told:
        """What one has, once those `before` it were taken."""
        if self._next is None or self._next[0] != chain:
            return {}
        found = self._next[1]
        self._read()
        return found

    def _read(self) -> None:
        group = next(self._groups, None)
        self._next = None if group is None else (group[0], {row[1]: row[2] for row in group[1]})


class Across:
    """What bodies' chains and the federation's, which comes last, tell of each other."""

    def __init__(self, *, every: bool) -> None:
        self._every = every
        """Whether all chains pass: else nothing is known of the others."""
        self.planned: dict[str, set[str]] = {}
        """Operation → codes of bodies whose chains have its plan."""
        self._approved: set[Known] = set()
        self._codes: dict[str, tuple[str, ...]] = {}
        """Operation → bodies, by the federation's record of its plan."""
        self._mirrors = Mirrors()

    def take(self, record: AuditRecord) -> None:
        """The next record of any chain."""
        self._mirrors.take(record)
        if record.chain == FEDERATION:
            self.plan(record)

    def body(self, code: str, seen: Iterable[Known]) -> None:
        """A body's chain has passed."""
        for known in seen:
            if known[1] == "plan":
                self.planned.setdefault(known[0], set()).add(code)
            elif known[1] == "approve":
                self._approved.add(known)

    def plan(self, record: AuditRecord) -> None:
        """A record of the federation's that may say whom a plan is about; records of versions before do not."""
        codes = record.details.get("codes")
        if record.action == "operation.plan" and isinstance(codes, list | tuple):
            self._codes[record.operation or ""] = tuple(map(str, codes))

    def findings(self, seen: Seen) -> Iterator[Finding]:
        """What the federation's chain lacks, and what bodies' chains do, once it has passed."""
        if not self._every:
            return
        told = {(operation, "plan", None, "") for operation in self.planned} | self._approved
        yield from lacking(FEDERATION, told, seen)
        for operation, codes in sorted(self._codes.items()):
            for code in codes:
                if code not in self.planned.get(operation, ()):
                    yield _finding(chain_of(code), (operation, "plan", None, ""))
        bodies = {one: tuple(sorted(codes)) for one, codes in self.planned.items()} | self._codes
        gone = dict.fromkeys(self._mirrors.lacks(bodies))
        for chain, (operation, what, about) in islice(gone, _MOST):
            yield _finding(chain, (operation, what, None, about))
        if len(gone) > _MOST:
            yield Finding("more", FEDERATION, None, _more(len(gone) - _MOST))


def lacking(chain: str, wanted: set[Known], seen: Seen) -> Sequence[Finding]:
    """A finding for each record that a chain lacks."""
    gone = sorted(
        seen.lacks(wanted), key=lambda known: (known[0], known[2] or 0, known[1], known[3])
    )
    found = [_finding(chain, known) for known in gone[:_MOST]]
    more = len(gone) - _MOST
    if more > 0:
        found.append(Finding("more", chain, None, _more(more)))
    return found


def _finding(chain: str, known: Known) -> Finding:
    operation, what, attempt, about = known
    number = "" if attempt is None else str(attempt)
    if what == "line":
        about = about.rpartition(" ")[
            2
        ]  # as the tables have it: what is missed by both is told once
    of = _WHAT[what]
    ja = of.ja.format(attempt=number, about=visible(about))
    en = of.en.format(attempt=number, about=visible(about))
    return Finding(
        "lacking",
        chain,
        None,
        Text(
            f"{chain} に、{operation} の{ja}の記録がありません"
            "（ほかの記録か運用データベースの表にはあります）",
            f"{chain} has no record of {operation}: {en} (other records or the tables have it)",
        ),
    )


def _more(more: int) -> Text:
    return Text(f"ほかに {more} 件の記録がありません", f"{more} more records are not there")


_WHAT = {
    "plan": Text("計画", "its plan"),
    "begin": Text("試行 {attempt} の開始", "the beginning of attempt {attempt}"),
    "step": Text("試行 {attempt} の手順 {about}", "step {about} of attempt {attempt}"),
    "end": Text("団体の結果（試行 {attempt}）", "the body's end (attempt {attempt})"),
    "approve": Text("承認（{about}）", "the approval {about}"),
    "line": Text("証跡の行（{about}）", "the line of evidence {about}"),
    "word": Text("指示（{about}）", "what was asked of it ({about})"),
    "did": Text(
        "試行 {attempt} の手順の結果（{about}）", "how a step ended in attempt {attempt} ({about})"
    ),
    "ended": Text(
        "団体の結果 {about}（試行 {attempt}）", "the body's end as {about} (attempt {attempt})"
    ),
    "wave": Text("第 {attempt} 適用枠の状態 {about}", "wave {attempt} as {about}"),
    "status": Text("一斉作業の状態 {about}", "the operation as {about}"),
    "wanted": Text("最後の指示（{about}）", "what was asked of it last ({about})"),
    "released": Text("保留の解除（{about}）", "that {about} was let go"),
}
