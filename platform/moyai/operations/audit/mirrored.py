"""Records that stand in a body's chain and in the federation's alike: deeds by hand, runbooks' lines, and what
persons asked of an operation. What one has more often than the other was taken out of that one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from moyai.audit.records import FEDERATION, AuditRecord, chain_of

_STEERED = ("run", "pause", "cancel", "stop", "release", "apply")
"""Written to the federation and to every body of the operation; `retry` to the bodies that it names."""

Mirrored = tuple[str, str, str]
"""Operation, run or deed; `line` or `word`; which: action and hash, or action, person and signed moment."""


class Mirrors:
    """Chains as they pass, and then what one of them lacks."""

    def __init__(self) -> None:
        self._bodies: Counter[tuple[str, Mirrored]] = Counter()
        self._named: Counter[tuple[str, Mirrored]] = Counter()
        """By the federation's records that name their bodies."""
        self._whole: Counter[Mirrored] = Counter()
        """By the federation's records that name none."""

    def take(self, record: AuditRecord) -> None:
        """The next record of any chain."""
        key = mirrored_of(record)
        if key is None:
            return
        if record.chain != FEDERATION:
            self._bodies[record.chain.removeprefix("body:"), key] += 1
            return
        codes = record.details.get("codes")
        if isinstance(codes, list | tuple):
            # One that names a body twice is one record in its chain.
            self._named.update((code, key) for code in {str(one) for one in codes})
            self._whole[key] += 0
        else:
            self._whole[key] += 1

    def lacks(self, bodies: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, Mirrored]]:
        """Chains and what they lack. `bodies`: operation → codes of its bodies.

        Of a line whose record names no bodies (versions before) nobody knows whose it is: only the
        federation's chain can lack it.
        """
        for (code, key), times in sorted(self._bodies.items()):
            if times > self._named[code, key] + self._whole[key]:
                yield FEDERATION, key
        for (code, key), times in sorted(self._named.items()):
            if self._bodies[code, key] < times:
                yield chain_of(code), key
        for key, times in sorted(self._whole.items()):
            for code in bodies.get(key[0], ()) if key[1] == "word" and times else ():
                if not _is_retry(key) and self._bodies[code, key] < times:
                    yield chain_of(code), key


def mirrored_of(record: AuditRecord) -> Mirrored | None:
    """What a record is a record of, where another chain has it too; None for all others."""
    kind, _, what = record.action.partition(".")
    if record.operation is None:
        return None
    if kind in ("hand", "runbook"):
        evidence = record.details.get("evidence_sha256")
        return (record.operation, "line", f"{record.action} {evidence}")
    if kind == "operation" and what in (*_STEERED, "retry"):
        # Words of versions before, which say nothing of a signature, may stand in the federation's chain alone.
        if what != "apply" and "signature" not in record.details:
            return None
        signed = record.details.get("signed_at")
        words = [record.action, record.actor, *([] if signed is None else [str(signed)])]
        return (record.operation, "word", " ".join(words))
    return None


def _is_retry(key: Mirrored) -> bool:
    return key[2].startswith("operation.retry ")
