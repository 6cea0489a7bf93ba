"""`deploy`: bodies' environments made what tenants.yaml says, by workers.

The foundation is the operator's own `moyai deploy`: it is one, and everybody stands on it. There is no way
back: what the file says is what is wanted, and the next deploy goes on from where this one failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from moyai.canonical_json import sha256_of
from moyai.operations.deploys.plan import Wish, plan_of
from moyai.operations.kinds.again import Reading, Repeatable
from moyai.operations.kinds.as_shown import hold_to_shown, not_as_planned
from moyai.operations.kinds.environment import Environment
from moyai.operations.kinds.kind import InDoubt, Result, Step, Work
from moyai.operations.kinds.names import NAMES
from moyai.operations.kinds.older import refuse_older
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.stacks import build, changed, hold_to_buildable
from moyai.operations.kinds.upgrade.change import service_sha256
from moyai.operations.site.places import today
from moyai.operations.site.session import Session
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.ways_back import NOTHING, WayBack, stays
from moyai.planning.plans import Plan, PlannedStack
from moyai.registry.models import ServiceTarget
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class DeployChange:
    """What a deploy would do with one body."""

    plan: Plan
    stack: PlannedStack
    sha256: str
    """What is approved: what differs from what is on record, and what is onboarded."""
    end_sha256: str
    """What the body is in the end, whatever of it is there already."""

    @property
    def texts(self) -> tuple[Text, ...]:
        """The same for people."""
        return self.stack.reasons


def deploy_changes(session: Session, codes: Sequence[str], day: date) -> dict[str, DeployChange]:
    """The changes of bodies, by one reading of all. Raises `UsageError` as `plan_of`."""
    plan = plan_of(session, Wish(" or ".join(codes), day))
    return changes_in(plan, session.workspace.registry.services)


def changes_in(plan: Plan, services: Mapping[str, ServiceTarget]) -> dict[str, DeployChange]:
    """The changes of a plan's bodies, by code; `services`: those of tenants.yaml."""
    return {stack.name: _change_of(plan, stack, services) for stack in plan.tenants}


def _change_of(
    plan: Plan, stack: PlannedStack, services: Mapping[str, ServiceTarget]
) -> DeployChange:
    inside = {
        name: service_sha256(services[name].manifest, None, release)
        for name, release in stack.releases.items()
        if name in services and release in services[name].manifest.releases
    }
    onboarding = {service: stack.releases[service] for service in stack.onboarding}
    parts = {part: stack.fingerprint.get(part) for part in stack.changed}
    approved = {
        "services": inside,
        "action": stack.action,
        "parts": parts,
        "onboarding": onboarding,
    }
    end = {
        "services": inside,
        "releases": dict(stack.releases),
        "all": dict(stack.fingerprint),
    }
    return DeployChange(plan, stack, sha256_of(approved), sha256_of(end))


@dataclass(frozen=True, slots=True)
class Preflight(Reading):
    """Whether the body is what was planned, and may be built."""

    name: str = "preflight"
    title: Text = Text("事前確認", "preflight")

    def do(self, work: Work) -> Result:
        """Raises `Unavailable` or `Moved`."""
        day, session = today(), self.source.session()
        if not work.plan.parameters.get("allow_older"):
            refuse_older(session)
        change = _change(session, work, day)
        hold_to_buildable(change.plan, change.stack)
        if change.stack.runs and not _is_approved(change, work):
            raise not_as_planned(change.texts)
        if change.stack.runs and not work.earlier.get("preflight", {}).get("end_sha256"):
            hold_to_shown(session.workspace.registry, work, change.texts)
        found = {"end_sha256": change.end_sha256, "day": day.isoformat()}
        return {"runs": change.stack.runs, **found}


@dataclass(frozen=True, slots=True)
class Build(Repeatable):
    """The stack, then migrations and checks of what is onboarded, then the record."""

    name: str = "deploy"
    title: Text = Text("環境の適用", "deploy")

    def do(self, work: Work) -> Result:
        """Raises as the run ended; `Moved` where it is not what preflight found, then or since."""
        session = self.source.session()
        inside = Environment(session, work.body.code, asker=work.asker).inside()
        found = work.results["preflight"]
        day = date.fromisoformat(str(found["day"])) if "day" in found else today()
        if found["runs"]:
            session.history.remember(session.workspace.registry)

        code: dict[str, str] = {}

        def planned(now: Session) -> Sequence[PlannedStack]:
            change = _change(now, work, day)
            if change.stack.runs and found.get("end_sha256") not in (None, change.end_sha256):
                raise not_as_planned(change.texts)
            code.update(_code(change))
            return (change.stack,)

        counts = build(session, work.body.code, planned, inside, day)
        # tenants.yaml and services' files are looked at by the program itself; its own code is not.
        if _code(_change(self.source.session(), work, day)) != code:
            raise InDoubt(_OTHER_CODE, touched=_BUILT, remedy=_LOOK)
        return dict(counts)

    def kept(self, result: Result, work: Work) -> WayBack:
        """All of it: what the file says is what is wanted."""
        return _STAYS if changed(result) else NOTHING

    def unfinished(self, work: Work) -> WayBack:
        """As far as it came."""
        return _STAYS_IN_PART


@dataclass(frozen=True, slots=True)
class Deploy:
    """The kind `deploy`."""

    source: SiteSource
    name: str = "deploy"
    title: Text = NAMES["deploy"].title
    needs_approval: bool = True
    gates_by_health: bool = False

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """What was onboarded was checked; the rest is `check`'s."""

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        """Two steps."""
        return (Preflight(self.source), Build(self.source))


def _change(session: Session, work: Work, day: date) -> DeployChange:
    return deploy_changes(session, (work.body.code,), day)[work.body.code]


def _code(change: DeployChange) -> dict[str, str]:
    """What a body's stack is built by, of its fingerprint: the program, and what it is made of."""
    parts = change.stack.fingerprint
    return {
        name: parts[name]
        for name in parts
        if name in ("program", "components") or name.startswith("code:")
    }


_OTHER_CODE = Text(
    "環境を適用している間に、構成のコードが変わりました。承認されたコードで作られたかどうかは分かりません。",
    "code of the stacks was changed while this was being built: nobody can say whether it is as approved.",
)
_BUILT = Text(
    "環境は適用されています。元には戻していません。", "The stack was built; nothing was taken back."
)
_LOOK = Text(
    "moyai plan で違いを確かめ、元のコードに戻すか、もう一度計画して承認を受けてください。",
    "See with moyai plan what differs; put the code back, or plan it again and have that approved.",
)


_STAYS = stays(Text("tenants.yaml のとおりに適用したままです", "as it was built by tenants.yaml"))
_STAYS_IN_PART = stays(
    Text(
        "途中まで適用されていれば、そのままです。次の適用がそこから続けます",
        "as far as it was built, if it was; the next deploy goes on from there",
    )
)


def _is_approved(change: DeployChange, work: Work) -> bool:
    """What an attempt before left half-way differs otherwise from what is on record, and ends the same."""
    begun = work.earlier.get("preflight", {}).get("end_sha256")
    return change.sha256 == work.body.change_sha256 or change.end_sha256 == begun
