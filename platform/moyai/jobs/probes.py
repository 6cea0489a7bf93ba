"""A service's own health statements: `health.sql` in its folder, as `moyai.service_probes` reads it."""

from __future__ import annotations

from pathlib import Path

from moyai import service_probes
from moyai.jobs.results import JobError
from moyai.service_files import HEALTH
from moyai.service_probes import Probe
from moyai.texts import Text


def read_probes(service: Path) -> tuple[Probe, ...]:
    """The probes of a service's folder, in order. Raises `JobError` for what is wrong."""
    try:
        text = (service / HEALTH).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _wrong(service, Text("UTF-8 で読めません", "it cannot be read as UTF-8")) from None
    probes, flaws = service_probes.read(text)
    if flaws:
        line, why = flaws[0].line, flaws[0].reason
        raise _wrong(service, Text(f"{line} 行目: {why.ja}", f"line {line}: {why.en}"))
    return probes


def _wrong(service: Path, why: Text) -> JobError:
    return JobError(
        "wrong-probes",
        Text(
            f"サービス {service.name} の {HEALTH}: {why.ja}。",
            f"the service {service.name}: {HEALTH}, {why.en}.",
        ),
    )
