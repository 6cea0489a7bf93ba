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
            yield Finding("differs", chain, did.seq, _other_result(did.seq, known[3]))
        if abs(told.at - did.ending.at) > _APART:
            other = _other_time(did.seq, did.ending.at, told.at)
            yield Finding("differs", chain, did.seq, other)
        ended[known[0], known[2]].append((told.at, did.seq, known[3]))
    for steps in ended.values():
        for (before, first, _), (moment, second, step) in pairwise(sorted(steps)):
            if second < first and before < moment:
                yield Finding("moved", chain, second, _other_order(second, first, step))


def _other_result(seq: int, step: str) -> Text:
    return Text(
        f"記録{seq}番（手順 {visible(step)}）の内容が、表と違います",
        f"record {seq} (step {visible(step)}) says something else than the tables",
    )


def _other_time(seq: int, at: datetime, moment: datetime) -> Text:
    said, was = f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return Text(
        f"記録{seq}番の時刻は {said} ですが、表では {was} です",
        f"record {seq} is of {said}; by the tables it was at {was}",
    )


def _other_order(seq: int, other: int, step: str) -> Text:
    return Text(
        f"記録{seq}番（手順 {visible(step)}）は、表では記録{other}番より後に終わっています",
        f"record {seq} (step {visible(step)}) ended after record {other} by the tables",
    )
