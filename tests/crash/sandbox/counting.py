"""What is counted of one body from what AWS was asked and from what the witness saw in its databases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.crash.operations.check import Findings
from tests.crash.sandbox.recorder import Request
from tests.crash.sandbox.releases import migrations
from tests.crash.sandbox.witness import Seen

_CLOSES = re.compile(r'ALTER TABLE \S+ ENABLE ALWAYS TRIGGER "moyai_writes_closed"')
_OPENS = re.compile(r'ALTER TABLE \S+ DISABLE TRIGGER "moyai_writes_closed"')
MAKES = re.compile("Create|Register|Allocate|Import|Request")
QUIET = ("RegisterTaskDefinition", "UpdateService", "DeregisterTaskDefinition")
"""All that an undisturbed upgrade changes at AWS, in this order, beside jobs (`RunTask`) and what they put
into buckets; `sandbox-quiet` holds it."""
_BESIDE = ("RunTask", "StopTask", "PUT", "POST", "DELETE")
_BACKUP = re.compile(r"/backups/[^/]+/\d{8}T\d{6}Z-(?P<id>.+)\.json\?")


@dataclass(frozen=True)
class Span:
    """A time in which a body's writes were closed, by its server's clock."""

    code: str
    begin: float
    end: float


def check_requests(family: str, wanted: str, asked: Sequence[Request], found: Findings) -> None:
    """An undisturbed upgrade makes one thing at AWS, a task definition of the release `wanted`. One that was
    taken back and brought again makes one of the release before and another: the same release twice, one
    after the other, is one too many, where the first was not taken away before, and so is anything else. Where
    who asked for that of the release before was killed, the first may stay: which one is active in the end is
    `check._service`'s."""
    done = [one for one in asked if one.done]
    made, gone = _revisions(family, done)
    images = [image for _, _, image in made]
    found.duplicates.extend(
        f"{family}: a task definition of {after} twice: {images}"
        for (_, number, before), (at, _, after) in pairwise(made)
        if before == after and not gone.get(number, at) < at
    )
    if images[:1] != [wanted]:
        found.lost.append(f"{family}: its task definitions were {images}")
    others = [one for one in done if MAKES.match(one.action) and one.given.get("family") != family]
    found.duplicates.extend(f"{family}: {one.action} {dict(one.given)}" for one in others)


def _revisions(
    family: str, done: Sequence[Request]
) -> tuple[list[tuple[int, int, str]], dict[int, int]]:
    """Revisions of a task definition as they were registered (place among the requests, number, release), and
    those that were taken away (number → place)."""
    made: list[tuple[int, int, str]] = []
    gone: dict[int, int] = {}
    for place, one in enumerate(done):
        if one.action == "RegisterTaskDefinition" and one.given.get("family") == family:
            assert one.revision is not None, one
            made.append((place, one.revision, one.given.get("image", "").rpartition(":")[2]))
        elif one.action == "DeregisterTaskDefinition":
            name, _, number = one.given["taskDefinition"].rpartition("/")[2].rpartition(":")
            if name == family:
                gone.setdefault(int(number), place)
    return made, gone


def check_actions(
    code: str, asked: Iterable[Request], found: Findings, *, quiet: bool = False
) -> None:
    """Nothing is changed that an undisturbed upgrade does not change; `quiet`: this was one."""
    done = [one.action for one in asked if one.done and one.action not in _BESIDE]
    found.duplicates.extend(f"{code}: {one}" for one in sorted({*done} - {*QUIET}))
    if quiet and tuple(done) != QUIET:
        found.untrue.append(f"{code}: undisturbed, it was changed by {done}")


def check_backups(code: str, operation: str, asked: Iterable[Request], found: Findings) -> None:
    """One manifest an attempt: it is put last, and what has none is no backup."""
    matches = [_BACKUP.search(one.path) for one in asked if one.action == "PUT" and one.done]
    put = [one["id"] for one in matches if one and one["id"].startswith(f"{operation}-")]
    found.duplicates.extend(f"{code}: backup {one}" for one in {*put} if put.count(one) > 1)
    if not put:
        found.lost.append(f"{code}: no backup")


def check_migrations(
    code: str, number: int, lives: Sequence[Sequence[Seen]], found: Findings
) -> None:
    """Each once in each database that there was: a restore brings another."""
    for version, words in migrations(number).items():
        counts = [len({one.xact for one in life if words in one.words}) for life in lives]
        found.duplicates.extend(
            f"{code}: migration {version} {times} times" for times in counts if times > 1
        )
        if len(lives) == 1 and counts == [0]:
            found.lost.append(f"{code}: nobody saw migration {version}")


def check_untouched(
    code: str, asked: Iterable[Request], lives: Iterable[Sequence[Seen]], found: Findings
) -> None:
    """Nothing was changed of a body whose window is shut."""
    changed = [
        one.action for one in asked if one.service in ("ecs", "s3") and "/audit/" not in one.path
    ]
    changed += [one.tag for life in lives for one in life if one.login.endswith("_owner")]
    if changed:
        found.out_of_window.append(f"{code}: {changed}")


def closed_spans(
    code: str, number: int, lives: Sequence[Sequence[Seen]], found: Findings
) -> list[Span]:
    """When writes were closed; nothing may be migrated while they are open."""
    spans: list[Span] = []
    since: float | None = None
    words = tuple(migrations(number).values())
    for one in sorted((seen for life in lives for seen in life), key=lambda seen: seen.at):
        if not one.login.endswith("_owner"):
            continue
        if _CLOSES.match(one.words) and since is None:
            since = one.at
        elif _OPENS.match(one.words) and since is not None:
            spans.append(Span(code, since, one.at))
            since = None
        elif (
            since is None
            and one.words.startswith("-- phase:")
            and any(each in one.words for each in words)
        ):
            found.untrue.append(f"{code}: migrated while writes were open: {one.words[:80]!r}")
    if since is not None:
        found.untrue.append(f"{code}: nobody saw its writes opened again")
    return spans


def check_held(
    code: str, helds: Iterable[Span], lives: Sequence[Sequence[Seen]], found: Findings
) -> None:
    """While a body is held for a person nobody changes anything in its database."""
    seen = [one for life in lives for one in life if one.login.endswith("_owner")]
    for held in helds:
        found.untrue.extend(
            f"{code} is held, and somebody is at it: {one.words[:80]!r}"
            for one in seen
            if held.begin < one.at < held.end
        )


def without(span: Span, helds: Iterable[Span]) -> Iterator[Span]:
    """What is left of a body's span where it was not held for a person: nobody had it in hand then, and
    another had its place."""
    begin = span.begin
    for held in sorted(helds, key=lambda one: one.begin):
        if held.end > begin and held.begin < span.end:
            if held.begin > begin:
                yield Span(span.code, begin, held.begin)
            begin = held.end
    if begin < span.end:
        yield Span(span.code, begin, span.end)


def check_bound(spans: Iterable[Span], bound: int, found: Findings) -> None:
    """No more bodies at a time in hand, with their writes closed, than the plan allows."""
    moves = sorted(move for one in spans for move in ((one.begin, 1), (one.end, -1)))
    at_once = 0
    for at, change in moves:
        at_once += change
        if at_once > bound:
            found.over_concurrency.append(f"{at_once} bodies closed at {at:.2f}")
