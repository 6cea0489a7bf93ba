"""Everything that a run needs, opened for a site of a federation."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from moyai.approvals.signing import Signer
from moyai.engine.worker.log import secrets_of
from moyai.errors import NOTHING_TOUCHED, MoyaiError, UsageError
from moyai.operations.evidence.catching_up import operators
from moyai.operations.evidence.chaining import Chaining
from moyai.operations.evidence.deeds import deed_files
from moyai.operations.evidence.runs import run_files
from moyai.operations.runbooks.asking import Person
from moyai.operations.runbooks.catalogue import FOLDER
from moyai.operations.runbooks.judging import Judge
from moyai.operations.runbooks.known_secrets import KnownSecrets, files_of
from moyai.operations.runbooks.programs import Programs
from moyai.operations.runbooks.records import RunStore
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.operations.site.workspace import Workspace, open_workspace
from moyai.registry.persons import called
from moyai.registry.words import not_known
from moyai.texts import Text

_FILE = "tenants.yaml"


@dataclass(frozen=True, slots=True)
class _Remembering:
    """Signs the same line once: a key under a passphrase asks each time."""

    signer: Signer
    made: dict[tuple[bytes, str], str] = field(default_factory=dict)

    def sign(self, message: bytes, namespace: str) -> str:
        """See `Signer.sign`."""
        if (message, namespace) not in self.made:
            self.made[message, namespace] = self.signer.sign(message, namespace)
        return self.made[message, namespace]


@dataclass(frozen=True, slots=True)
class Opened:
    """A site's runs, and the folder of its federation's runbooks."""

    workspace: Workspace
    store: RunStore
    chaining: Chaining

    @property
    def folder(self) -> Path:
        """Where the runbooks are."""
        return self.workspace.project / FOLDER

    def surroundings(
        self, person: Person, moyai: tuple[str, ...], lang: str, signer: Signer | None = None
    ) -> Surroundings:
        """What a run needs. `moyai` stands for the command of that name; `lang` is what it speaks."""
        environment = {**os.environ, "MOYAI_LANG": lang}
        fixed = [*secrets_of(os.environ), *secrets_of(self._variables())]
        programs = Programs(
            moyai,
            self.workspace.project,
            environment,
            KnownSecrets(fixed, self._secret_files).clean,
        )
        judge = Judge(self.workspace.registry)
        signer = None if signer is None else _Remembering(signer)
        return Surroundings(self.store, person, judge, self.chaining, programs, signer)

    def _secret_files(self) -> Iterator[Path]:
        notices = self.workspace.registry.operations.notifications
        named = [hook.secret_file for hook in notices.webhooks]
        if notices.smtp is not None and notices.smtp.password_file is not None:
            named.append(notices.smtp.password_file)
        own = os.environ.get("PGPASSFILE") or str(Path("~/.pgpass").expanduser())
        yield from files_of((self.workspace.home / "sites").glob("*"), map(Path, [*named, own]))

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
    home = workspace.runtime.home
    chaining = Chaining(run_files(home), partial(operators, workspace), deed_files(home))
    return Opened(workspace, RunStore(home), chaining)


def operator(opened: Opened, email: str) -> str:
    """The e-mail address of an operator, as tenants.yaml writes it. Raises `UsageError` with the nearest."""
    operators = opened.workspace.registry.operators
    found = called(operators, email)
    if found is None:
        message = not_known(email, [one.email for one in operators], "担当者", "operator")
        raise UsageError(Text(f"{message.ja}。", message.en), touched=NOTHING_TOUCHED)
    return found.email
