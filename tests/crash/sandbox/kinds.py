"""Each kind of operation as campaigns handle it: what plans it, what has to be known before, what checks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.crash.operations.check import Findings
from tests.crash.sandbox.check import Case, check, check_backup, check_deploy, check_edit
from tests.crash.sandbox.place import SERVICE, Place
from tests.crash.sandbox.releases import release
from tests.crash.sandbox.rotation import check_rotation, logins

Known = Mapping[str, Any]


@dataclass(frozen=True)
class Handled:
    """One kind."""

    command: Callable[[Place, int, Known], list[str]]
    """What plans it: given the place, the release to go to, and what is known."""
    check: Callable[[Case, Findings], None]
    known: Callable[[Place], Known] = lambda _place: {}
    """By body, before it is planned."""
    needs_approval: bool = True
    is_written: bool = False
    """Whether a person puts it into tenants.yaml once it is approved."""
    brings_releases: bool = False


def _upgrade(place: Place, number: int, _known: Known) -> list[str]:
    place.federation.target(SERVICE, release(number))
    return place.upgrade(release(number))


def _to_edit(place: Place) -> Known:
    """The body whose setting is the lowest, and the next value: each has its turn."""
    code = min(place.codes, key=place.setting)
    return {code: place.setting(code) % 30 + 1}


def _edit(place: Place, _number: int, known: Known) -> list[str]:
    [(code, value)] = known.items()
    return place.edit(code, value)


KINDS: Mapping[str, Handled] = {
    "upgrade": Handled(_upgrade, check, brings_releases=True),
    "backup": Handled(lambda place, *_: place.backup(), check_backup, needs_approval=False),
    "deploy": Handled(lambda place, *_: place.deploy(), check_deploy),
    "rotate": Handled(
        lambda place, *_: place.rotate(),
        check_rotation,
        lambda place: {code: logins(place, code) for code in place.codes},
    ),
    "edit": Handled(_edit, check_edit, _to_edit, is_written=True),
}
