"""`rotate`: new passwords for the logins of each of a body's services, by workers.

PostgreSQL knows one password of a role. So the new one lies beside the current one first; role and secret
change in one moment; then ECS begins the service's tasks anew, which read secrets when they start. In between,
tasks that run already keep their connections and get no new ones: that is what windows are for. Until the old
password is tried, all of it is taken back where something fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from moyai.canonical_json import sha256_of
from moyai.errors import MoyaiError
from moyai.jobs.submit import JobFailed
from moyai.operations.deploys.in_hand import Hands
from moyai.operations.inside.jobs import Inside
from moyai.operations.inside.looking import looked
from moyai.operations.inside.restarts import Restarts
from moyai.operations.kinds.again import Reading, Staying
from moyai.operations.kinds.answers import answer_of, available
from moyai.operations.kinds.as_shown import anew, hold_to_shown
from moyai.operations.kinds.by_service import ServiceStep, services_of
from moyai.operations.kinds.environment import environment_of
from moyai.operations.kinds.kind import (
    InDoubt,
    Look,
    Moved,
    Result,
    Step,
    TakenBack,
    Unavailable,
    Work,
)
from moyai.operations.kinds.older import refuse_older
from moyai.operations.kinds.risks import hold_to_risks
from moyai.operations.kinds.rotate_ways import (
    BEGUN_ANEW,
    BEGUN_ANEW_IN_PART,
    IN_USE,
    UNUSED,
    UNUSED_IN_PART,
)
from moyai.operations.kinds.site import SiteSource
from moyai.operations.site.places import today
from moyai.planning.deploy_refusals import frozen
from moyai.planning.fleet.kind_names import NAMES
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.ways_back import UNDONE, WayBack
from moyai.registry.models import Registry
from moyai.texts import Text

PASSWORDS = "database-passwords"
"""What is rotated: the passwords of a service's owner and application roles."""


def rotation_sha256(code: str, services: Sequence[str]) -> str:
    """What is approved of one body."""
    document = {"kind": "rotate", "what": PASSWORDS, "code": code, "services": list(services)}
    return sha256_of(document)


@dataclass(frozen=True, slots=True)
class _Body:
    """One body as a step finds it."""

    registry: Registry
    inside: Inside
    restarts: Restarts
    outputs: Mapping[str, Any]
    releases: Mapping[str, str]

    def health(self, service: str) -> None:
        """With the password that the secret has now; nothing of one that is stopped. Raises `JobFailed`."""
        if not self.outputs["services"].get(service, {}).get("active"):
            return
        self.inside.health(self.registry, self.outputs, service, self.releases[service])


def _body(source: SiteSource, work: Work) -> _Body:
    """Raises `Unavailable` where there is no environment."""
    one = environment_of(source, work)
    registry, outputs, site = one.registry, one.outputs, one.session.workspace.site
    restarts = Restarts(site, one.variables, registry, one.code, outputs)
    return _Body(registry, one.inside(), restarts, outputs, one.record.releases)


@dataclass(frozen=True, slots=True)
class Preflight(Reading):
    """Whether the services are those of the plan, and well; nothing is worth a new password else."""

    name: str = "preflight"
    title: Text = Text("事前確認", "preflight")

    def do(self, work: Work) -> Result:
        """Raises `Unavailable` or `Moved`."""
        # One that is half-way goes on, as in a freeze: the two passwords are not in the file.
        half_way = any(name.startswith("set:") for name in {*work.earlier, *work.left})
        if not half_way:
            refuse_older(self.source.session())
        one = _body(self.source, work)
        services = tuple(sorted(one.releases))
        if rotation_sha256(work.body.code, services) != work.body.change_sha256:
            names = ", ".join(services)
            raise Moved(
                Text(
                    f"計画のときとサービスが違います。いまのサービス: {names}",
                    f"its services are not those of the plan any more; now: {names}",
                ),
                remedy=anew(work),
            )
        if not half_way:
            self._may_begin(one, work, services)
        return {"services": services}

    def _may_begin(self, one: _Body, work: Work, services: Sequence[str]) -> None:
        hold_to_shown(one.registry, work)
        hold_to_risks(one.registry, work)
        half_way = Hands(self.source.session()).half_way([work.body.code], but="rotate")
        for why in half_way.values():
            raise Unavailable(why)
        body = one.registry.tenant(work.body.code)
        for why in frozen(body, {today()}) if body is not None else ():
            raise Unavailable(why)
        for service in services:
            available(partial(looked, partial(one.health, service)))


@dataclass(frozen=True, slots=True)
class _Step(ServiceStep):
    """One step about one service."""

    def _password(
        self, work: Work, one: _Body, verb: Any, changed_at: str = ""
    ) -> Mapping[str, Any]:
        """Ask for one of the jobs, with the versions that this attempt found, or the one before it."""
        name = f"new:{self.service}"
        new = work.results.get(name) or work.earlier[name]
        previous = new["previous"]
        assert isinstance(previous, Mapping)
        given = {str(role): str(version) for role, version in previous.items()}
        version = str(new["version"])
        return one.inside.password(
            verb, one.outputs, self.service, version, given, changed_at
        ).fields


@dataclass(frozen=True, slots=True)
class New(_Step, Staying):
    """New passwords beside the current ones, under the step's idempotency key."""

    what = "new"

    @property
    def title(self) -> Text:
        """For people."""
        return Text(f"{self.service} の新しいパスワード", f"new passwords of {self.service}")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`."""
        one = _body(self.source, work)
        made = one.inside.password("renew", one.outputs, self.service, work.key)
        return {"version": work.key, "previous": made.fields["previous"]}

    def kept(self, result: Result, work: Work) -> WayBack:
        """In use where the old ones are void; else nobody's, until the next ones take their place."""
        return IN_USE if _is_void(work, self.service) else UNUSED

    def unfinished(self, work: Work) -> WayBack:
        """They are nobody's either way."""
        return UNUSED_IN_PART


@dataclass(frozen=True, slots=True)
class Set(_Step):
    """Roles and secrets changed to the new passwords in one moment."""

    what = "set"

    @property
    def title(self) -> Text:
        """For people."""
        return Text(f"{self.service} のパスワードの切替え", f"{self.service} takes them")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`."""
        one = _body(self.source, work)
        changed_at = self._password(work, one, "set")["changed_at"]
        return {"changed_at": changed_at, "deployment": one.restarts.deployment(self.service)}

    def look(self, work: Work) -> Result | Look:
        """Whether the new passwords are those that are read and that open the database: killed before, they
        only lie beside the current ones; killed within, it is done again, which mends either half."""
        one = _body(self.source, work)
        found = self._password(work, one, "state")
        roles = found["roles"].values()
        if not all(role["pending"] for role in roles):
            return Look.UNKNOWN
        if not all(role["current"] and role["opens"] for role in roles):
            return Look.NOT_DONE
        deployment = one.restarts.deployment(self.service)
        return {"changed_at": found["moment"], "deployment": deployment}

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """The passwords of before, and tasks that read them; not where the old ones are proved void. Raises
        `InDoubt` where the service is not well with them."""
        if _is_void(work, self.service):
            return TakenBack(IN_USE)
        one = _body(self.source, work)
        trouble = answer_of(partial(self._go_back, work, one))
        if trouble is not None:
            raise InDoubt(
                Text(
                    f"{self.service} を前のパスワードに戻しましたが、正常と確かめられません: {trouble.what.ja}",
                    f"{self.service} was to go back to its old passwords, and is not seen to be well: "
                    f"{trouble.what.en}",
                ),
                remedy=trouble.remedy,
            ) from trouble
        return TakenBack(UNDONE, {"back": True})

    def _go_back(self, work: Work, one: _Body) -> None:
        self._password(work, one, "back")
        now = one.restarts.deployment(self.service)
        one.restarts.begin_anew(self.service, now)
        one.health(self.service)


@dataclass(frozen=True, slots=True)
class Restart(_Step, Staying):
    """Tasks begun anew: they read the secret when they start."""

    what = "restart"

    @property
    def title(self) -> Text:
        """For people."""
        return Text(f"{self.service} のタスクの入替え", f"tasks of {self.service} begun anew")

    def do(self, work: Work) -> Result:
        """Not twice: a deployment that is another one than before has read the secret. Raises
        `OperationFailed`."""
        before = work.results[f"set:{self.service}"]["deployment"]
        restarts = _body(self.source, work).restarts
        restarts.begin_anew(self.service, None if before is None else str(before))
        return {"deployment": restarts.deployment(self.service)}

    def kept(self, result: Result, work: Work) -> WayBack:
        """They read the passwords of now, or are begun anew where those of before come back."""
        return IN_USE if _is_void(work, self.service) else BEGUN_ANEW

    def unfinished(self, work: Work) -> WayBack:
        """As when it is done, or as before."""
        return BEGUN_ANEW_IN_PART


@dataclass(frozen=True, slots=True)
class Health(_Step, Reading):
    """The service as its application finds it, with the new password."""

    what = "health"

    @property
    def title(self) -> Text:
        """For people."""
        return Text(f"{self.service} の正常性の確認", f"health of {self.service}")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`."""
        _body(self.source, work).health(self.service)
        return {}


@dataclass(frozen=True, slots=True)
class Void(_Step, Staying):
    """Sessions of the old passwords ended, and the old passwords tried: the server must turn them away."""

    what = "void"

    @property
    def title(self) -> Text:
        """For people."""
        return Text(
            f"{self.service} の前のパスワードの失効確認",
            f"old passwords of {self.service} are void",
        )

    def do(self, work: Work) -> Result:
        """Raises `InDoubt`: the new ones stay, a person looks."""
        one = _body(self.source, work)
        changed_at = str(work.results[f"set:{self.service}"]["changed_at"])
        try:
            found = self._password(work, one, "void", changed_at)
        except JobFailed as error:
            raise InDoubt(error.what, remedy=error.remedy) from error
        return {"refused": tuple(found["refused"]), "sessions": found["sessions"]}

    def kept(self, result: Result, work: Work) -> WayBack:
        """The old passwords open nothing any more."""
        return IN_USE


def _is_void(work: Work, service: str) -> bool:
    """Whether the old passwords of a service are proved void: it stays with the new ones."""
    return work.result(f"void:{service}") is not None


@dataclass(frozen=True, slots=True)
class Rotate:
    """The kind `rotate`; the plan's parameter `services` has each body's, by code."""

    source: SiteSource
    name: str = "rotate"
    title: Text = NAMES["rotate"].title
    needs_approval: bool = True
    gates_by_health: bool = False

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """It was looked at with the new passwords."""

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        """Service by service: what is whole stays where a later one fails."""
        kinds: tuple[Any, ...] = (New, Set, Restart, Health, Void)
        steps = (make(self.source, one) for one in services_of(plan, body) for make in kinds)
        return (Preflight(self.source), *steps)
