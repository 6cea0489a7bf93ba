"""A service's migrations, health check and metering: whether jobs can read them, and run what is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from moyai import service_meters, service_probes
from moyai.registry.plain_files import UnreadableFile, read_plain, unreadable
from moyai.registry.problems import MOST, Problem, at
from moyai.registry.words import one_line
from moyai.registry.yaml_tree import Place
from moyai.service_files import HEALTH, METERING, MIGRATION_NAME, MIGRATIONS, phase_of
from moyai.service_statements import Refusal, refusals
from moyai.texts import Text

_TOLD = 10
"""Missing versions that one message lists."""


@dataclass(frozen=True, slots=True)
class ServiceSql:
    """What was found. `newest` is the last migration's version, None where there is none at all."""

    newest: int | None
    problems: tuple[Problem, ...]


def check_sql(folder: Path, shown: str) -> ServiceSql:
    """Look whether jobs can read the files of a service's folder, which messages call `shown`."""
    problems: list[Problem] = []
    names, wrong = _migrations(folder)
    if wrong is not None:
        problems.append(_at(f"{shown}/{MIGRATIONS}", wrong))
    versions: Counter[int] = Counter()
    for name in names:
        file = f"{shown}/{MIGRATIONS}/{one_line(name)}"
        matched = MIGRATION_NAME.fullmatch(name)
        if matched is None:
            problems.append(_at(file, _MISNAMED))
            continue
        versions[int(matched["version"])] += 1
        problems += _in_file(folder, folder / MIGRATIONS / name, file, _in_migration)
    problems += [_at(f"{shown}/{MIGRATIONS}", reason) for reason in _gaps(versions)]
    problems += _in_file(folder, folder / HEALTH, f"{shown}/{HEALTH}", _in_probes)
    metering = folder / METERING
    if metering.is_symlink() or metering.exists():
        problems += _in_file(folder, metering, f"{shown}/{METERING}", _in_meters)
    return ServiceSql(max(versions, default=None), tuple(problems))


def sql_files(folder: Path) -> tuple[list[Path], Text | None]:
    """The migrations, health check and metering of a folder, and why there are no migrations."""
    names, wrong = _migrations(folder)
    files = [*(folder / MIGRATIONS / name for name in names), folder / HEALTH, folder / METERING]
    return files, wrong


def _migrations(folder: Path) -> tuple[list[str], Text | None]:
    """Names of the files that jobs look at, or why there are none."""
    try:
        found = [file.name for file in (folder / MIGRATIONS).iterdir()]
    except FileNotFoundError:
        return [], Text("移行のフォルダーがありません", "there is no folder of migrations")
    except OSError as error:
        return [], unreadable(error)
    if not _lies_in(folder, folder / MIGRATIONS):
        return [], _OUTSIDE
    names = sorted(name for name in found if name.endswith(".sql"))
    return names, None if names else Text("移行がありません", "there is no migration")


def _in_file(
    folder: Path, file: Path, shown: str, read: Callable[[str], Iterable[Refusal]]
) -> list[Problem]:
    """Why jobs cannot read a file, or what `read` finds in it."""
    try:
        content = read_plain(file)
    except UnreadableFile as error:
        return [_at(shown, error.reason)]
    if not _lies_in(folder, file):
        return [_at(shown, _OUTSIDE)]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return [_at(shown, Text("UTF-8 ではありません", "this is not UTF-8"))]
    return [at(shown, Place(one.line, one.column), one.reason) for one in islice(read(text), MOST)]


def _in_migration(text: str) -> Iterator[Refusal]:
    if phase_of(text) is None:
        yield Refusal(1, 1, _NO_PHASE)
    yield from refusals(text)


def _in_probes(text: str) -> Iterator[Refusal]:
    """What cannot stand in the health check, whose parts jobs run one by one."""
    probes, flaws = service_probes.read(text)
    for flaw in flaws:
        yield Refusal(flaw.line, 1, flaw.reason)
    for probe in probes:
        for one in refusals(probe.text, transaction=False):
            yield replace(one, line=probe.line + one.line)


def _in_meters(text: str) -> Iterator[Refusal]:
    """What cannot stand in the metering, whose parts jobs run one by one."""
    meters, flaws = service_meters.read(text)
    for flaw in flaws:
        yield Refusal(flaw.line, 1, flaw.reason)
    for meter in meters:
        for one in refusals(meter.sql, transaction=False):
            yield replace(one, line=meter.line + one.line)


_NO_PHASE = Text(
    "冒頭に「-- phase: expand」か「-- phase: contract」が一つ要ります",
    "the head needs one line '-- phase: expand' or '-- phase: contract'",
)
_MISNAMED = Text(
    "移行のファイル名は NNNN_name.sql の形です（小文字、数字、_）",
    "a migration's file name is of the form NNNN_name.sql (small letters, digits, _)",
)
_OUTSIDE = Text(
    "サービスのフォルダーの外へのリンクです（ジョブのイメージに入りません）",
    "the link leads outside the service's folder, which is all that the jobs' image has",
)


def _lies_in(folder: Path, file: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


def _gaps(versions: Counter[int]) -> Iterator[Text]:
    missing = [n for n in range(1, max(versions, default=0)) if n not in versions]
    if missing:
        told = ", ".join(f"{n:04}" for n in missing[:_TOLD])
        more = ", …" if len(missing) > _TOLD else ""
        yield Text(
            f"移行 {told}{more} がありません（0001 から番号を飛ばさずに付けます）",
            f"missing: migration {told}{more} (they are numbered from 0001 without gaps)",
        )
    if 0 in versions:
        yield Text("移行の番号は 0001 からです", "migrations are numbered from 0001")
    for version in sorted(n for n, count in versions.items() if n and count > 1):
        yield Text(
            f"移行 {version:04} が重なっています", f"the migration {version:04} is there twice"
        )


def _at(file: str, reason: Text) -> Problem:
    return at(file, Place(1, 1), reason)
