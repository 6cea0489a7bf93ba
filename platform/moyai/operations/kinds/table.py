"""The kinds of operations by name. What they are called is in `names`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from moyai.errors import UsageError
from moyai.operations.kinds.backup import Backup
from moyai.operations.kinds.check import Check
from moyai.operations.kinds.deploy import Deploy
from moyai.operations.kinds.edit import Edit
from moyai.operations.kinds.in_turn import in_turn
from moyai.operations.kinds.kind import Kind
from moyai.operations.kinds.rotate import Rotate
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade import Upgrade
from moyai.texts import Text

KINDS: Mapping[str, Callable[[SiteSource], Kind]] = {
    "backup": Backup,
    "check": Check,
    "deploy": Deploy,
    "edit": Edit,
    "rotate": Rotate,
    "upgrade": Upgrade,
}


def kind_of(name: str, source: SiteSource) -> Kind:
    """The kind of that name. Raises `UsageError` with the known ones."""
    make = KINDS.get(name)
    if make is None:
        known = ", ".join(sorted(KINDS))
        raise UsageError(
            Text(
                f"一斉作業の種類「{name}」はありません。あるもの: {known}",
                f"there is no kind of operation '{name}'; known: {known}",
            )
        )
    return in_turn(make, source)
