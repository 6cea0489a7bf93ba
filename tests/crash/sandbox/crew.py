"""Workers of one campaign on a site, each below a supervisor that is started again when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.operations.crew import ROOT, Kill, Post
from tests.crash.sandbox import hands
from tests.crash.sandbox.hands import Process
from tests.crash.sandbox.place import Place

BODIES = "4"
_END_SECONDS = 30.0


@dataclass
class Crew:
    """All of it."""

    place: Place
    folder: Path
    """Traps, deaths, and what workers said."""
    posts: list[Post] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    by_kind: dict[str, int] = field(default_factory=dict)
    """Kind of process → how many were killed."""
    freezes: int = 0
    restarts: int = 0
    since: float = field(default_factory=lambda: time.clock_gettime(time.CLOCK_MONOTONIC))
    """When this life began."""

    @property
    def killed(self) -> int:
        """All processes killed by the campaign."""
        return sum(self.by_kind.values())

    def post(self, version: str = "moyai-1", clock: str = "true") -> None:
        """One more supervisor."""
        post = Post(len(self.posts), version, clock)
        self.posts.append(post)
        self._start(post)

    def tend(self) -> None:
        """Start supervisors again that are dead, half a second later, as a system's init does."""
        now = time.monotonic()
        for post in self.posts:
            if post.closed or post.process is None or post.process.poll() is None:
                continue
            if post.again_at == 0.0:
                post.again_at = now + 0.5
            elif now >= post.again_at:
                self._start(post)

    def alive(self, *kinds: str) -> list[Process]:
        """Processes of kinds; none: of all."""
        found = hands.processes(self.place.home)
        return sorted(
            (one for one in found if not kinds or one.kind in kinds), key=lambda one: one.pid
        )

    def kill(self, *victims: Process) -> None:
        """SIGKILL at once."""
        for one in victims:
            if hands.kill([one.pid]):
                self.by_kind[one.kind] = self.by_kind.get(one.kind, 0) + 1
                if one.kind == "worker" and one.worker:
                    self.kills.append(Kill(one.worker, time.clock_gettime(time.CLOCK_MONOTONIC)))

    def count(self, ended: Sequence[Mapping[str, Any]]) -> None:
        """Count those that the cloud has killed in this life (`askers`)."""
        for one in ended:
            if one["at"] < self.since:
                continue
            kind = hands.kind_of(one["words"].split()) or "job"
            self.by_kind[kind] = self.by_kind.get(kind, 0) + 1
            if kind == "worker" and one["worker"]:
                self.kills.append(Kill(one["worker"], one["at"]))

    def close(self) -> Sequence[Process]:
        """End all as a person does; what is left after that has no reason to be there (and is ended)."""
        for post in self.posts:
            post.closed = True
        hands.send(signal.SIGCONT, [one.pid for one in self.alive()])
        hands.send(signal.SIGTERM, [one.pid for one in self.alive("supervisor")])
        supervisors = {one.pid for one in self.alive("supervisor")}
        orphans = [one.pid for one in self.alive("worker") if one.parent not in supervisors]
        hands.send(signal.SIGTERM, orphans)
        for post in self.posts:
            if post.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    post.process.wait(_END_SECONDS)
        deadline = time.monotonic() + _END_SECONDS
        while (left := self.alive()) and time.monotonic() < deadline:
            time.sleep(0.2)
        hands.kill([one.pid for one in left])
        for post in self.posts:
            if post.process is not None:
                post.process.wait(10)
        return left

    def said(self) -> str:
        """What workers and supervisors said."""
        paths = sorted(self.folder.glob("*.txt"))
        return "\n".join(f"{path.name}: {path.read_text(errors='replace')}" for path in paths)

    def _start(self, post: Post) -> None:
        post.again_at = 0.0
        place = self.place
        with (self.folder / f"post-{post.number}.txt").open("ab") as log:
            post.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.crash.sandbox.supervising"),
                    *(str(place.federation.file), BODIES),
                    *(str(self.folder), post.version, post.clock),
                ],
                cwd=ROOT,
                env={
                    **place.federation.environment(),
                    "PYTHONPATH": f"{ROOT}/platform{os.pathsep}{ROOT}",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
