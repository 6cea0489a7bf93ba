"""What was done outside the operations database since a copy of it, as far as it can be seen there: records of
stacks, and what bodies' own databases have of the last jobs, migrations and closed writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moyai.engine.state.records import StackRecord
from moyai.errors import MoyaiError
from moyai.operations.inside.jobs import Inside
from moyai.operations.site.session import Session
from moyai.planning.topology import TENANT
from moyai.texts import Text, in_japan, visible

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that is there and that the copy may not know."""

    code: str
    name: str
    service: str | None
    """None: it is about the body's whole environment."""
    what: Text


@dataclass(frozen=True, slots=True)
class Outside:
    """What was seen there."""

    traces: tuple[Trace, ...]
    trouble: MoyaiError | None = None
    """Why not all could be looked at, or None."""


def look_outside(
    opened: Callable[[], Session], codes: Iterable[str], moment: datetime | None, *, inside: bool
) -> Outside:
    """Environments, and with `inside` the databases of bodies: of these codes, and of environments that were
    changed. A site that is away is trouble and raises nothing: what has to be declared is not held up by it."""
    traces: tuple[Trace, ...] = ()
    try:
        session = opened()
        traces = stacks_since(session, moment)
        if inside:
            concerned = {*codes, *(one.code for one in traces)}
            traces = (*traces, *inside_since(session, concerned, moment))
    except MoyaiError as error:
        return Outside(traces, error)
    return Outside(traces)


def stacks_since(session: Session, moment: datetime | None) -> tuple[Trace, ...]:
    """Environments that were changed, or begun to be changed, since a moment (None: at any time)."""
    return tuple(
        Trace(record.stack.name, _name(session, record.stack.name), None, what)
        for record in session.state.records(TENANT)
        for what in _of_stack(record, moment)
    )


def inside_since(
    session: Session, codes: Iterable[str], moment: datetime | None
) -> tuple[Trace, ...]:
    """What bodies' databases tell, each by a job that only reads. One that does not answer is told too."""
    wanted = [
        (code, service, outputs, release)
        for code in sorted(set(codes))
        for service, release, outputs in _subscriptions(session, code)
    ]
    workspace = session.workspace
    inside = Inside(workspace.site, workspace.runtime.environment()) if wanted else None

    def looked(given: tuple[str, str, Mapping[str, Any], str]) -> list[Trace]:
        code, service, outputs, release = given
        assert inside is not None
        try:
            found = inside.writes_state(workspace.registry, outputs, service, release).fields
        except MoyaiError as error:
            told = [Text(f"確かめられません: {error.what.ja}", f"cannot tell: {error.what.en}")]
        else:
            told = list(_of_database(found, moment))
        return [Trace(code, _name(session, code), service, what) for what in told]

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look") as pool:
        return tuple(one for those in pool.map(looked, wanted) for one in those)


def _of_stack(record: StackRecord, moment: datetime | None) -> Iterator[Text]:
    if record.applied_at is not None and (moment is None or record.applied_at > moment):
        at = in_japan(record.applied_at)
        running = ", ".join(
            f"{name} {release}" for name, release in sorted(record.releases.items())
        )
        yield Text(f"{at} に適用されました（{running}）", f"applied {at} ({running})")
    if record.running_since is not None and (moment is None or record.running_since > moment):
        at = in_japan(record.running_since)
        yield Text(
            f"{at} に適用が始まり、終わった記録がありません",
            f"an update began {at}, and has no end",
        )
    for service, release in sorted(record.moving.items()):
        yield Text(
            f"{service} を {release} に一斉更新する途中です",
            f"half-way to {service} {release}",
        )


def _of_database(found: Mapping[str, Any], moment: datetime | None) -> Iterator[Text]:
    if found.get("closed_by") is not None:
        by, at = visible(str(found["closed_by"])), in_japan(str(found.get("closed_at")))
        yield Text(
            f"{at} から {by} が書込みを止めています", f"writes are closed by {by} since {at}"
        )
    for fence in found.get("fences", ()):
        if _is_since(fence["entered_at"], moment):
            by, at = visible(str(fence["operation"])), in_japan(fence["entered_at"])
            yield Text(f"{at} に {by} のジョブが変更しました", f"a job of {by} changed data {at}")
    migrated = found.get("migrated_at")
    if migrated is not None and _is_since(migrated, moment):
        at, version = in_japan(migrated), found.get("schema_version")
        yield Text(f"{at} に版 {version} へ移行しました", f"migrated to version {version} {at}")


def _is_since(written: str, moment: datetime | None) -> bool:
    return moment is None or datetime.fromisoformat(written) > moment


def _subscriptions(session: Session, code: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Service, release on record, outputs of the body's stack."""
    outputs: Mapping[str, Any] = session.state.outputs_of(TENANT, (code,)).get(code, {})
    record = next((one for one in session.state.records(TENANT) if one.stack.name == code), None)
    for service, about in outputs.get("services", {}).items():
        release = None if record is None else record.releases.get(service)
        if (
            "job" in about
            and release is not None
            and service in session.workspace.registry.services
        ):
            yield service, release, outputs


def _name(session: Session, code: str) -> str:
    body = session.workspace.registry.tenant(code)
    return code if body is None else body.name
