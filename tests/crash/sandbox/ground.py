"""Where campaigns on a sandbox are fought: one place for many, release after release."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.operations.servers import small_disk
from tests.crash.sandbox.attacks import Attack
from tests.crash.sandbox.place import Place, make_place
from tests.crash.sandbox.releases import RELEASES

_DISK_MEGABYTES = 400


@dataclass(frozen=True)
class Size:
    """How big campaigns are, and how long one may take."""

    bodies: int
    at_once: int
    share: float
    """Of an attack's times."""
    seconds: float
    """From the last attack to an operation's end, at most."""
    operations: int
    """In one life of the workers, at most: another begins as long as attacks are left."""


FULL = Size(3, 2, 1.0, 420.0, 4)
SMALL = Size(2, 2, 0.1, 240.0, 1)


@dataclass
class Ground:
    """A place that campaigns share, one release after another; another one where something was wrong."""

    scratch: Path
    size: Size
    place: Place | None = None
    number: int = 1
    """The release that the last operation brought."""
    since: float = 0.0
    """When it began, by the host's clock that nobody sets."""
    _places: int = 0
    _disk: ExitStack = field(default_factory=ExitStack)

    def next(self, attack: Attack) -> Place:
        """A place whose bodies all run the same release, and that has another one to go to."""
        if attack.small_disk or not self.has_more:
            self.leave()
        if self.place is None:
            self._make(attack)
        assert self.place is not None
        return self.place

    @property
    def has_more(self) -> bool:
        """Whether there is a release that no campaign has brought."""
        return self.number + 1 < RELEASES

    def leave(self) -> None:
        """Give it up: what comes after begins anew."""
        if self.place is not None:
            self.place.reset()
            self._disk.close()
            shutil.rmtree(self.place.base, ignore_errors=True)
            self.place = None
        self.number = 1

    def _make(self, attack: Attack) -> None:
        self._places += 1
        base = self.scratch / f"place-{self._places}"
        base.mkdir(parents=True)
        disk = None
        if attack.small_disk:
            disk = self._disk.enter_context(small_disk(base / "disk", _DISK_MEGABYTES))
            assert disk is not None, "no disk may be mounted here"
        self.place = make_place(base, self.size.bodies, self.size.at_once, disk)


@contextmanager
def ground(scratch: Path, size: Size) -> Iterator[Ground]:
    """Where campaigns are fought; reset at the end."""
    made = Ground(scratch, size)
    try:
        yield made
    finally:
        made.leave()
