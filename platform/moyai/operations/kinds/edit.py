"""`edit`: an approved edit of tenants.yaml brought to the bodies that it changes.

Workers do not write the file: it is a person's, often kept in git, and every worker has its own copy. A
person puts the approved edit into it (`moyai tenant apply`); a worker that does not have it yet does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from moyai.operations.kinds.again import Reading
from moyai.operations.kinds.deploy import Deploy
from moyai.operations.kinds.kind import Result, Step, Unavailable, Work
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.kind_names import NAMES
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.registry.change import EntryEdit, has_changes
from moyai.registry.models import Registry
from moyai.registry.yaml_tree import UnreadableYaml
from moyai.texts import Text


def edits_of(plan: OperationPlan) -> tuple[EntryEdit, ...]:
    """The edits that a plan of this kind is about."""
    edits = plan.parameters.get("edits")
    found = []
    for one in edits if isinstance(edits, Sequence) else ():
        assert isinstance(one, Mapping)
        value = one["value"]
        found.append(EntryEdit(str(one["key"]), None if value is None else str(value)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Written(Reading):
    """Whether the edit is in the file that this worker reads."""

    name: str = "file"
    title: Text = Text("tenants.yaml の確認", "tenants.yaml")

    def do(self, work: Work) -> Result:
        """Raises `Unavailable` where the file is the one that was to be edited, or any other that says
        something else than the edit."""
        registry = self.source.session().workspace.registry
        is_base = registry.sha256 == work.plan.parameters["base_sha256"]
        if is_base or not _has_edits(registry, work.plan):
            raise Unavailable(
                Text(
                    "承認された変更が、このワーカーの tenants.yaml にまだ書かれていません。",
                    "the edit is not in this worker's tenants.yaml yet.",
                ),
                remedy=Text(
                    f"moyai tenant apply {work.operation} で書き、すべてのワーカーに届いてから、"
                    "moyai operation retry を実行してください。",
                    f"Write it with moyai tenant apply {work.operation}, bring it to every worker, then run "
                    "moyai operation retry.",
                ),
            )
        return {"sha256": registry.sha256}


def _has_edits(registry: Registry, plan: OperationPlan) -> bool:
    """Whether the file that was read is what was approved, or says it."""
    if registry.sha256 == plan.parameters.get("after_sha256"):
        return True
    try:
        content = registry.path.read_bytes()
        if sha256(content).hexdigest() != registry.sha256:
            return False  # being written just now
        return has_changes(content, str(plan.parameters["code"]), edits_of(plan))
    except (OSError, UnreadableYaml):
        return False


@dataclass(frozen=True, slots=True)
class Edit:
    """The kind `edit`."""

    source: SiteSource
    name: str = "edit"
    title: Text = NAMES["edit"].title
    needs_approval: bool = True
    gates_by_health: bool = False

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """As of a deploy."""

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        """Those of a deploy, once the file has the edit."""
        return (Written(self.source), *Deploy(self.source).steps(plan, body))
