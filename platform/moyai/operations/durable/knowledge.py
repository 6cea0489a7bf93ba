"""What a worker is told of the world outside the operations database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from moyai.operations.audit.vault import Vault
from moyai.operations.kinds.kind import Kind
from moyai.operations.site.history import AppliedFile
from moyai.planning.fleet.exceptions import Bounded, unbounded
from moyai.planning.fleet.plans import OperationPlan
from moyai.registry.models import Registry


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Given to a worker by who starts it."""

    site: str
    """The site whose operations it carries out: those of another are another's worker's."""
    kind: Callable[[str], Kind]
    """The kind of a name. Raises `UsageError` for one that is not known."""
    registry: Callable[[], Registry]
    """tenants.yaml as it is now: operators and their keys. Raises `MoyaiError` where it cannot be read."""
    bounded: Callable[[OperationPlan, Registry], Bounded] = unbounded
    """A plan as it may be carried out by a tenants.yaml. Raises `MoyaiError`."""
    history: Callable[[], tuple[AppliedFile, ...]] = tuple
    """The files that were applied on the site, oldest first. Raises `MoyaiError` where that cannot be told."""
    environment: Callable[[], Mapping[str, str]] = dict
    """Variables of the site for boto3. Raises `MoyaiError` where it does not answer."""
    releases: Callable[[Sequence[str]], Mapping[str, Mapping[str, str]]] = lambda _codes: {}
    """Code → service → release on record, of those bodies that are as applied. Raises `MoyaiError` where that
    cannot be told."""
    vault: Callable[[], Vault] | None = None
    """Where audit chains are anchored, by the site; None: nowhere. Raises `MoyaiError` as the site does."""
    home: Callable[[], Path] | None = None
    """The folder of this host's part of the site, in which workers remember how far the operations database had
    come; None: nowhere. Raises `MoyaiError` as the site does."""


class LastRead:
    """tenants.yaml, and what it was when it was read last. May be used by several threads."""

    def __init__(self, registry: Callable[[], Registry]) -> None:
        self._registry = registry
        self._last: Registry | None = None

    def __call__(self) -> Registry:
        """As it is now. Raises `MoyaiError` where it cannot be read."""
        self._last = found = self._registry()
        return found

    def last(self) -> Registry | None:
        """As it was read last; None: never."""
        return self._last
