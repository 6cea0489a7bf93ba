"""A service's migrations and health check as far as their form goes; jobs read what is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from moyai.registry.plain_files import UnreadableFile, read_plain, unreadable
from moyai.registry.problems import Problem, at
from moyai.registry.words import one_line
from moyai.registry.yaml_tree import Place
from moyai.service_files import HEALTH, MIGRATION_NAME, MIGRATIONS
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
        matched = MIGRATION_NAME.fullmatch(name)
        if matched is None:
            reason: Text | None = Text(
                "移行のファイル名は NNNN_name.sql の形です（小文字、数字、_）",
                "a migration's file name is of the form NNNN_name.sql (small letters, digits, _)",
            )
        else:
            versions[int(matched["version"])] += 1
            reason = _unusable(folder, folder / MIGRATIONS / name)
        if reason is not None:
            problems.append(_at(f"{shown}/{MIGRATIONS}/{one_line(name)}", reason))
    problems += [_at(f"{shown}/{MIGRATIONS}", reason) for reason in _gaps(versions)]
    reason = _unusable(folder, folder / HEALTH)
    if reason is not None:
        problems.append(_at(f"{shown}/{HEALTH}", reason))
    return ServiceSql(max(versions, default=None), tuple(problems))


def sql_files(folder: Path) -> tuple[list[Path], Text | None]:
    """The migrations and the health check of a folder, and why there are no migrations."""
    names, wrong = _migrations(folder)
    return [*(folder / MIGRATIONS / name for name in names), folder / HEALTH], wrong


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


def _unusable(folder: Path, file: Path) -> Text | None:
    try:
        content = read_plain(file)
    except UnreadableFile as error:
        return error.reason
    if not _lies_in(folder, file):
        return _OUTSIDE
    try:
        content.decode()
    except UnicodeDecodeError:
        return Text("UTF-8 ではありません", "this is not UTF-8")
    return None


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
