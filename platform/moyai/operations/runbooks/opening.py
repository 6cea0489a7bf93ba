"""Everything that a run needs, opened for a site of a federation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from moyai.engine.worker.log import Redactor, secrets_of
from moyai.errors import NOTHING_TOUCHED, MoyaiError, UsageError
from moyai.operations.places import today
from moyai.operations.runbooks.approving import OperatorSignatures
from moyai.operations.runbooks.asking import FileEvidence, Person
from moyai.operations.runbooks.catalogue import FOLDER
from moyai.operations.runbooks.programs import Programs
from moyai.operations.runbooks.records import RunStore
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.operations.workspace import Workspace, open_workspace
from moyai.registry.words import not_known
from moyai.texts import Text

_FILE = "tenants.yaml"


@dataclass(frozen=True, slots=True)
class Opened:
    """A site's runs, and the folder of its federation's runbooks."""

    workspace: Workspace
    store: RunStore

    @property
    def folder(self) -> Path:
        """Where the runbooks are."""
        return self.workspace.project / FOLDER

    def approvals(self) -> OperatorSignatures:
        """Whose signatures count today."""
        return OperatorSignatures(self.workspace.registry, today())

    def surroundings(self, person: Person, moyai: tuple[str, ...], lang: str) -> Surroundings:
        """What a run needs. `moyai` stands for the command of that name; `lang` is what it speaks."""
        environment = {**os.environ, "MOYAI_LANG": lang}
        redactor = Redactor([*secrets_of(environment), *secrets_of(self._variables())])
        programs = Programs(moyai, self.workspace.project, environment, redactor.clean)
        evidence = FileEvidence(self.store)
        return Surroundings(self.store, person, self.approvals(), evidence, programs)

    def _variables(self) -> Mapping[str, str]:
        try:
            return self.workspace.runtime.environment()
        except MoyaiError:
            return {}  # not running yet, so that it has no secrets yet


def open_runs(file: Path | None, site: str) -> Opened:
    """Raises `RegistryError`, and `UsageError` for an unknown site or a file of another name: the commands of
    runbooks find tenants.yaml by its name."""
    workspace = open_workspace(file, site)
    if workspace.registry.path.name != _FILE:
        raise UsageError(
            Text(
                f"手順書のコマンドは {_FILE} を読みます（{workspace.registry.path.name} ではなく）。",
                f"commands of runbooks read {_FILE}, not {workspace.registry.path.name}.",
            ),
            touched=NOTHING_TOUCHED,
        )
    return Opened(workspace, RunStore(workspace.runtime.home))


def operator(opened: Opened, email: str) -> str:
    """The e-mail address of an operator of tenants.yaml. Raises `UsageError` with the nearest."""
    known = [one.email for one in opened.workspace.registry.operators]
    if email not in known:
        message = not_known(email, known, "担当者", "operator")
        raise UsageError(Text(f"{message.ja}。", message.en), touched=NOTHING_TOUCHED)
    return email
