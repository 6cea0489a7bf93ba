"""How steps ended, when and in which order, by a chain and by the tables. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise

from moyai.audit.verify import Finding
from moyai.operations.audit.seen import Seen
from moyai.operations.database.audit_wanted import Told
from moyai.texts import Text, visible

_APART = timedelta(minutes=5)
"""Both are told by the server's clock within one transaction, which may wait for a chain's lock."""
_MOST = 100
"""Findings of one chain."""


def compared(chain: str, wanted: Told, seen: Seen) -> Iterator[Finding]:
    """A finding for each step whose record has another result, error or time than the tables, or stands before
    a step that ended earlier by them."""
    return islice(_differing(chain, wanted, seen), _MOST)


def _differing(chain: str, wanted: Told, seen: Seen) -> Iterator[Finding]:
    ended: defaultdict[tuple[str, int | None], list[tuple[datetime, int, str]]] = defaultdict(list)
    for known, did in seen.did.items():
        told = wanted.get(known)
        if told is None:
            continue
        if told.sha256 != did.ending.sha256:
            yield _other_result(chain, did.seq, known[3])
        if abs(told.at - did.ending.at) > _APART:
            yield _other_time(chain, did.seq, did.ending.at, told.at)
        ended[known[0], known[2]].append((told.at, did.seq, known[3]))
    for steps in ended.values():
        for (before, first, _), (moment, second, step) in pairwise(sorted(steps)):
            if second < first and before < moment:
                yield _other_order(chain, second, first, step)


def _other_result(chain: str, seq: int, step: str) -> Finding:
    return Finding(
        "differs",
        chain,
        seq,
        Text(
            f"記録{seq}番（手順 {visible(step)}）の内容が、表と違います",
            f"record {seq} (step {visible(step)}) says something else than the tables",
        ),
    )


def _other_time(chain: str, seq: int, at: datetime, moment: datetime) -> Finding:
    return Finding(
        "differs",
        chain,
        seq,
        Text(
            f"記録{seq}番の時刻は {at:%Y-%m-%dT%H:%M:%SZ} ですが、表では {moment:%Y-%m-%dT%H:%M:%SZ} です",
            f"record {seq} is of {at:%Y-%m-%dT%H:%M:%SZ}; by the tables it was at {moment:%Y-%m-%dT%H:%M:%SZ}",
        ),
    )


def _other_order(chain: str, seq: int, other: int, step: str) -> Finding:
    return Finding(
        "moved",
        chain,
        seq,
        Text(
            f"記録{seq}番（手順 {visible(step)}）は、表では記録{other}番より後に終わっています",
            f"record {seq} (step {visible(step)}) ended after record {other} by the tables",
        ),
    )
