"""Who is told of a happening, by which channel, in which words. Pure.

Operators get mail where one of the bodies concerned is theirs: who may run or approve, until their rights
end; approvals are asked of approvers other than the planner. A body's contacts get mail of their body alone;
its approvers too where its own approval is wanted. Webhooks and topics get each happening by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlsplit

from moyai.errors import UsageError
from moyai.json_value import JsonValue
from moyai.operations.notices.body_words import for_body
from moyai.operations.notices.message import Channel, Content, address_hash
from moyai.operations.notices.scene import Happened, Scene
from moyai.operations.notices.words import Told, for_operators, letter, subject_line
from moyai.planning.fleet.approvers import of_body
from moyai.planning.fleet.status_words import LOOKS
from moyai.planning.selectors import parse
from moyai.registry.models import Operator, Registry, Role, Tenant
from moyai.registry.operation_settings import Event
from moyai.registry.persons import is_same
from moyai.registry.selector import ALL
from moyai.texts import in_japan

_TOLD_ROLES = (Role.OPERATOR, Role.APPROVER)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one address."""

    key: str
    """Unique: the happening's, channel and address."""
    event: Event
    operation: str
    code: str | None
    """The body that it is about, where it is about one."""
    audience: str
    """`operator:EMAIL`, `body:CODE`, `webhook:HOST`, `sns:TOPIC`."""
    channel: Channel
    address: str
    content: Content


def notices(
    group: Sequence[Happened], scene: Scene, registry: Registry, day: date
) -> tuple[Notice, ...]:
    """All notices of happenings of one event and operation; none of debts of a kind that only looks. `group` is
    not empty."""
    told = registry.operations.notifications
    event = group[0].event
    if event is Event.DEBT and scene.plan.kind in LOOKS:
        return ()
    found: list[Notice] = []
    if told.smtp is not None and event in told.operators:
        found += _to_operators(group, scene, registry, day)
    if told.smtp is not None and event in told.bodies:
        found += _to_bodies(group, scene, registry, day)
    for happened in group:
        for hook in told.webhooks:
            if event in hook.events:
                host = urlsplit(hook.url).hostname or "?"
                found.append(_whole(happened, scene, Channel.WEBHOOK, host, hook.url))
        for topic in told.sns:
            if event in topic.events:
                name = topic.topic_arn.rpartition(":")[2]
                found.append(_whole(happened, scene, Channel.SNS, name, topic.topic_arn))
    return tuple({one.key: one for one in found}.values())


def _to_operators(
    group: Sequence[Happened], scene: Scene, registry: Registry, day: date
) -> Iterator[Notice]:
    for operator in registry.operators:
        if operator.expires < day or operator.role not in _TOLD_ROLES:
            continue
        theirs = [one for one in (_for(operator, h, scene, registry, day) for h in group) if one]
        if theirs:
            told = for_operators(theirs, scene)
            audience = f"operator:{operator.email}"
            yield _notice(theirs, scene, told, audience, Channel.MAIL, operator.email, None)


def _for(
    operator: Operator, happened: Happened, scene: Scene, registry: Registry, day: date
) -> Happened | None:
    """A happening as far as it is one operator's, or None."""
    wants = happened.event is Event.APPROVAL_WANTED
    if wants:
        planner = is_same(operator.email, scene.plan.planned_by)
        if operator.role is not Role.APPROVER or planner:
            return None
        happened = _asked_of_operators(happened, registry)
        if not happened.subjects:
            return None
    concerned = [happened.code] if happened.code else _codes(happened, scene)
    mine = _meant(operator.bodies, concerned, registry, day)
    if concerned and not mine:
        return None
    kept: dict[str, object] = {**happened.facts}
    if "codes" in kept:
        kept["codes"] = [one for one in happened.codes if one in mine]
    if wants:
        kept["subjects"] = [one for one in happened.subjects if _code_of(one) in (None, *mine)]
        if not kept["subjects"]:
            return None
    return replace(happened, facts=kept)


def _codes(happened: Happened, scene: Scene) -> list[str]:
    """The bodies that a happening of the whole operation, or of a wave, concerns."""
    waves = {happened.facts.get("wave")} | {
        int(one[5:]) for one in happened.subjects if one.startswith("wave:")
    }
    waves.discard(None)
    return [one.code for one in scene.plan.bodies if not waves or one.wave in waves]


def _asked_of_operators(happened: Happened, registry: Registry) -> Happened:
    """Without the slots of bodies that have approvers of their own: nobody else's word counts there."""
    left = [
        one
        for one in happened.subjects
        if not one.startswith("body:") or not of_body(registry, one[5:])
    ]
    return replace(happened, facts={**happened.facts, "subjects": left})


def _code_of(subject: str) -> str | None:
    kind, _, about = subject.partition(":")
    return None if kind in ("plan", "wave") else about


def _meant(selector: str, codes: Sequence[str], registry: Registry, day: date) -> frozenset[str]:
    """The bodies that a selector means; of one that the file no longer has it says so by `all` only."""
    try:
        read = parse(selector)
    except UsageError:
        return frozenset()
    if read.expression == ALL:
        return frozenset(codes)
    wanted = frozenset(codes)
    return frozenset(
        one.code for one in registry.tenants if one.code in wanted and read.matches(one, day)
    )


def _to_bodies(
    group: Sequence[Happened], scene: Scene, registry: Registry, day: date
) -> Iterator[Notice]:
    tenants = {one.code: one for one in registry.tenants}
    for happened in group:
        for code in _bodies_told(happened, scene):
            body = tenants.get(code)
            if body is None:
                continue
            told = for_body(happened, scene, code)
            for address in _addresses(body, happened.event, registry, day):
                audience = f"body:{code}"
                yield _notice([happened], scene, told, audience, Channel.MAIL, address, code)


def _bodies_told(happened: Happened, scene: Scene) -> list[str]:
    """The bodies that are told of a happening, each of itself."""
    if happened.code is not None:
        return [happened.code]
    if happened.event is Event.APPROVAL_WANTED:
        return [one[5:] for one in happened.subjects if one.startswith("body:")]
    if happened.event is Event.WAVE_HELD:
        return [one for one in _codes(happened, scene) if scene.status_of(one) == "waiting"]
    if happened.event is Event.STALLED:
        return [one.code for one in scene.plan.bodies if scene.is_in_hand(one.code)]
    ended = ("waiting", "running")
    return [one.code for one in scene.plan.bodies if scene.status_of(one.code) not in ended]


def _addresses(body: Tenant, event: Event, registry: Registry, day: date) -> tuple[str, ...]:
    found = {one.email.casefold(): one.email for one in body.contacts}
    if event is Event.APPROVAL_WANTED:
        own = [one for one in of_body(registry, body.code) if one.expires >= day]
        found |= {one.email.casefold(): one.email for one in own}
    return tuple(found.values())


def _whole(happened: Happened, scene: Scene, channel: Channel, name: str, address: str) -> Notice:
    """For programs and topics: the happening by itself."""
    told = for_operators([happened], scene)
    audience = f"{channel}:{name}"
    return _notice([happened], scene, told, audience, channel, address, happened.code)


def _notice(
    group: Sequence[Happened],
    scene: Scene,
    told: Told,
    audience: str,
    channel: Channel,
    address: str,
    code: str | None,
) -> Notice:
    first = group[0]
    when = in_japan(first.at)
    only = code if audience.startswith("body:") else None
    data = _data(group, scene, only)
    content = Content(subject_line(scene, told), letter(scene, told, when), data)
    about = audience if channel is Channel.MAIL else ""
    return Notice(
        f"{first.key}|{channel}|{about}|{address_hash(address)}",
        first.event,
        first.operation,
        code,
        audience,
        channel,
        address,
        content,
    )


def _data(group: Sequence[Happened], scene: Scene, only: str | None) -> Mapping[str, JsonValue]:
    """The same for programs: names, codes, numbers, no sentence; of one body where it alone reads it."""
    first = group[0]
    codes = [c for one in group for c in (one.codes or (one.code,)) if c]
    if only is not None:
        codes = [only]
    bodies: list[JsonValue] = []
    for code in dict.fromkeys(codes):
        body = scene.planned(code)
        status = str(first.facts.get("status")) if first.code else scene.status_of(code)
        bodies.append({"code": code, "name": "" if body is None else body.name, "status": status})
    subjects = [one for happened in group for one in happened.subjects]
    return {
        "event": first.event.value,
        "federation": scene.federation,
        "site": scene.site,
        "operation": first.operation,
        "kind": scene.plan.kind,
        "subject": scene.plan.subject,
        "status": None if first.code else first.facts.get("status"),
        "wave": first.facts.get("wave"),
        "approval": tuple(one for one in subjects if only is None or _code_of(one) == only),
        "bodies": tuple(bodies),
    }
