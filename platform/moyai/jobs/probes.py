"""A service's own health statements: `health.sql` in its folder. Pure but for reading the file.

Each part begins with a line `-- check: NAME` and is one statement, which runs as the application
role. `%(probe)s` is this check's own random number (a UUID). A line `-- expect: probe` wants one row
whose first column is that number, `-- expect: rows` at least one row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from moyai.jobs.results import JobError
from moyai.service_files import HEALTH, PROBE_LINE
from moyai.texts import Text

_NAME = re.compile(r"[a-z][a-z0-9-]*")

Expect = Literal["nothing", "probe", "rows"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One statement."""

    name: str
    sql: str
    expect: Expect


def read_probes(service: Path) -> tuple[Probe, ...]:
    """The probes of a service's folder, in order. Raises `JobError` for what is wrong."""
    try:
        text = (service / HEALTH).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _wrong(service, Text("を UTF-8 で読めません", "cannot be read as UTF-8")) from None
    probes: list[Probe] = []
    name: str | None = None
    expect: Expect = "nothing"
    lines: list[str] = []
    for line in [*text.splitlines(), "-- check: end"]:
        found = PROBE_LINE.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        if found["key"] == "expect":
            if found["value"] not in ("probe", "rows"):
                raise _wrong(
                    service, Text("の expect は probe か rows です", "expects probe or rows")
                )
            expect = "probe" if found["value"] == "probe" else "rows"
            continue
        if name is not None:
            probes.append(Probe(name, _statement(service, name, lines), expect))
        name, expect, lines = found["value"], "nothing", []
        if _NAME.fullmatch(name) is None or name in {probe.name for probe in probes}:
            raise _wrong(
                service,
                Text(
                    f"の check 名 {name} が重なるか使えません",
                    f"cannot have a check {name} (again)",
                ),
            )
    if not any(probe.expect == "probe" for probe in probes):
        raise _wrong(
            service,
            Text("に書いた値を読み戻す検査がありません", "reads nothing back that it wrote"),
        )
    return tuple(probes)


def _statement(service: Path, name: str, lines: list[str]) -> str:
    words = [line for line in lines if line.strip() and not line.lstrip().startswith("--")]
    statement = "\n".join(words).strip().removesuffix(";")
    if not statement or ";" in statement:
        raise _wrong(
            service,
            Text(f"の検査 {name} は一つの文です", f"must have one statement for {name}"),
        )
    return statement


def _wrong(service: Path, why: Text) -> JobError:
    return JobError(
        "wrong-probes",
        Text(
            f"サービス {service.name} の {HEALTH} {why.ja}。",
            f"the service {service.name}: {HEALTH} {why.en}.",
        ),
    )
