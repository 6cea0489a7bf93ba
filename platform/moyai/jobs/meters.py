"""A service's own meters: `metering.sql` in its folder, as `moyai.service_meters` reads it."""

from __future__ import annotations

from pathlib import Path

from moyai import service_meters
from moyai.jobs.results import JobError
from moyai.service_files import METERING
from moyai.service_meters import Meter
from moyai.service_statements import refusals
from moyai.texts import Text


def read_meters(service: Path) -> tuple[Meter, ...]:
    """The meters of a service's folder, in order; none where it has no such file.

    Raises `JobError` for what is wrong.
    """
    try:
        text = (service / METERING).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError):
        raise _wrong(service, Text("UTF-8 で読めません", "it cannot be read as UTF-8")) from None
    meters, flaws = service_meters.read(text)
    if flaws:
        raise _wrong(service, _placed(flaws[0].line, flaws[0].reason))
    for meter in meters:
        for refusal in refusals(meter.sql, transaction=False):
            raise _wrong(service, _placed(meter.line + refusal.line, refusal.reason))
    return meters


def _placed(line: int, why: Text) -> Text:
    return Text(f"{line} 行目: {why.ja}", f"line {line}: {why.en}")


def _wrong(service: Path, why: Text) -> JobError:
    return JobError(
        "wrong-meters",
        Text(
            f"サービス {service.name} の {METERING}: {why.ja}。",
            f"the service {service.name}: {METERING}, {why.en}.",
        ),
    )
