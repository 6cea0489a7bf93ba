"""`edit`: an approved edit of tenants.yaml brought to the bodies that it changes.

Workers do not write the file: it is a person's, often kept in git, and every worker has its own copy. A
person puts the approved edit into it (`moyai tenant apply`); a worker that does not have it yet does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from moyai.errors import MoyaiError
from moyai.operations.kinds.deploy import Deploy
from moyai.operations.kinds.kind import Look, Result, Step, Unavailable, Work
from moyai.operations.kinds.names import NAMES
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Written:
    """Whether the edit is in the file that this worker reads."""

    source: SiteSource
    name: str = "file"
    title: Text = Text("tenants.yaml の確認", "tenants.yaml")
    only_reads: bool = True

    def do(self, work: Work) -> Result:
        """Raises `Unavailable` where the file is the one that was to be edited."""
        found = self.source.session().workspace.registry.sha256
        if found == work.plan.parameters["base_sha256"]:
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
        return {"sha256": found}

    def look(self, work: Work) -> Result | Look:
        """It changes nothing: it is done again."""
        return Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """There is nothing to take back."""
        return None


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
