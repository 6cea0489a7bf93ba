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
from moyai.operations.kinds.again import Reading, Staying
from moyai.operations.kinds.as_shown import hold_to_shown, not_as_begun, not_as_planned
from moyai.operations.kinds.environment import Environment
from moyai.operations.kinds.kind import Result, Step, Work
from moyai.operations.kinds.older import refuse_older
from moyai.operations.kinds.risks import hold_to_risks
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.stacks import build, changed, hold_to_buildable, stands
from moyai.operations.kinds.upgrade.change import service_sha256
from moyai.operations.site.places import today
from moyai.operations.site.session import Session
from moyai.planning.fleet.kind_names import NAMES
from moyai.planning.fleet.marks import Marks, files_of, marks_of
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
    marks: Marks
    """Of what it is hashed of, for people."""

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
    files = {files_of(name): found for name, found in inside.items()}
    hashed = {"action": stack.action, "onboarding": onboarding, **files}
    marks = marks_of(hashed, parts)
    return DeployChange(plan, stack, sha256_of(approved), sha256_of(end), marks)


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
            raise not_as_planned(work, change.texts, change.marks)
        if change.stack.runs and not work.earlier.get("preflight", {}).get("end_sha256"):
            hold_to_shown(session.workspace.registry, work, change.texts)
            hold_to_risks(session.workspace.registry, work)
        return {
            "runs": change.stack.runs,
            "end_sha256": change.end_sha256,
            "stack_sha256": sha256_of(dict(change.stack.fingerprint)),
            "releases": dict(change.stack.releases),
            "day": day.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Build(Staying):
    """The stack, then migrations and checks of what is onboarded, then the record."""

    name: str = "deploy"
    title: Text = Text("環境の適用", "deploy")

    def do(self, work: Work) -> Result:
        """Raises as the run ended; `Moved` where it is not what preflight found, and nothing is run then."""
        session = self.source.session()
        one = Environment(session, work.body.code, asker=work.asker, away=work.away)
        found = work.results["preflight"]
        if _stands(one, found):
            return {}  # a worker may have died before it said so, and files may be others since
        inside = one.inside()
        day = date.fromisoformat(str(found["day"])) if "day" in found else today()
        if found["runs"]:
            session.history.remember(session.workspace.registry)

        def planned(now: Session) -> Sequence[PlannedStack]:
            change = _change(now, work, day)
            if change.stack.runs and found.get("end_sha256") not in (None, change.end_sha256):
                raise not_as_begun(work, change.marks)
            return (change.stack,)

        # From the engine's start on the program holds itself to what was compared here.
        return dict(build(session, work.body.code, planned, inside, day))

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


def _stands(one: Environment, found: Result) -> bool:
    """Whether the body is on record as preflight found that it is to be: its stack, and what was onboarded."""
    sha256, releases = found.get("stack_sha256"), found.get("releases")
    if not isinstance(sha256, str) or not isinstance(releases, Mapping):
        return False
    is_built = stands(one.session.state, one.stack, sha256)
    return is_built and dict(releases).items() <= dict(one.record.releases).items()


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
