"""The third way: a build from Go modules, with the repository's own go.mod and go.sum."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from moyai.engine.toolchain.cache import Engine, keep, scratch
from moyai.engine.toolchain.go_tools import (
    Go,
    build_environment,
    find_go,
    is_pinned_in_module,
    least_go,
    module_file,
)
from moyai.engine.toolchain.steps import Pace, Progress, Step
from moyai.engine.toolchain.version import VERSION
from moyai.engine.toolchain.ways import WayFailed, check, ending
from moyai.texts import Text

_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_STEP_SECONDS = 10.0
_SILENCE_SECONDS = 1200.0
"""Linking is silent for a minute, or for several on a small machine."""
_TRIES = 3
_PASSING = re.compile(
    r"\b5\d\d [A-Z]|timeout|timed out|connection reset|unexpected EOF|temporary failure"
)
"""Words of a failed download that another try may mend."""


def by_build(progress: Progress) -> Engine:
    """Download, compile, check, keep. Raises `WayFailed`, `OSError`."""
    go = _usable_go()
    with scratch() as folder:
        for name in ("go.mod", "go.sum"):
            (folder / name).write_text(module_file(name), encoding="utf-8")
        run = _Runs(go, folder, progress)
        run.compile(run.download())
        check(folder / "pulumi", progress)
        return keep(folder / "pulumi", "build")


def why_not_built(go: Go | None) -> Text | None:
    """What keeps this machine from building, as far as one sees without trying."""
    least = ".".join(map(str, least_go()))
    if go is None:
        return Text(
            f"go が PATH にありません（{least} 以上が要ります）",
            f"there is no go on PATH ({least} or newer is needed)",
        )
    if not go.is_new_enough() and not go.may_fetch():
        return Text(
            f"{go.path} の {go} は古すぎます（{least} 以上が要ります）",
            f"{go} in {go.path} is too old ({least} or newer is needed)",
        )
    if not is_pinned_in_module():
        return Text(
            f"go.mod が Pulumi {VERSION} のものではありません",
            f"go.mod is not that of Pulumi {VERSION}",
        )
    return None


def _usable_go() -> Go:
    go = find_go()
    reason = why_not_built(go)
    if go is None or reason is not None:
        raise WayFailed(reason or Text("go が動きません", "go does not run"))
    return go


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of one Go toolchain in one folder."""

    go: Go
    folder: Path
    progress: Progress

    def download(self) -> int:
        """Bring in the sources that are not there yet; returns how many packages there are."""
        pace = Pace(self.progress, _STEP_SECONDS)
        modules = 0

        def hear(line: str) -> None:
            nonlocal modules
            if line.startswith("go: downloading "):
                modules += 1
                text = Text(
                    f"Go モジュールを取得しています（{modules} 個）。",
                    f"Downloading Go modules ({modules}).",
                )
                pace.tell(Step("downloading", text, modules))

        listing = self.folder / "packages.txt"
        for left in reversed(range(_TRIES)):
            try:
                self._run(("list", "-deps", _PACKAGE), hear, listing)
                break
            except WayFailed as failure:
                if left == 0 or _PASSING.search(failure.why.en) is None:
                    raise
                time.sleep(2.0)
        return len(listing.read_text(encoding="utf-8").splitlines())

    def compile(self, total: int) -> None:
        """Compile `total` packages, or those of them that Go has not compiled before."""
        pace = Pace(self.progress, _STEP_SECONDS)
        done = 0

        def hear(line: str) -> None:
            nonlocal done
            if " " not in line:  # -v names each package on a line of its own
                done += 1
                text = Text(
                    f"エンジンを構築しています（{done}/{total}）。",
                    f"Building the engine ({done} of {total} packages).",
                )
                pace.tell(Step("compiling", text, done, total))

        flags = f"-s -w -X {_VERSION_VARIABLE}=v{VERSION}"
        self._run(
            ("build", "-v", "-trimpath", f"-ldflags={flags}", "-o", "pulumi", _PACKAGE),
            hear,
            self.folder / "build.txt",
        )

    def _run(self, arguments: Sequence[str], hear: Callable[[str], object], output: Path) -> None:
        """Run go; `hear` gets each line of its standard error. Raises `WayFailed`."""
        with output.open("wb") as file:
            process = subprocess.Popen(
                [self.go.path, *arguments],
                cwd=self.folder,
                env=build_environment(self.go, self.folder),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.PIPE,
                start_new_session=True,  # its compilers go with it
            )
        assert process.stderr is not None
        words: list[str] = []
        try:
            with process.stderr:
                for line in _lines(process.stderr.fileno()):
                    words.append(line)
                    hear(line)
            process.wait()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode != 0:
            last = ending("\n".join(words)) or f"exit {process.returncode}"
            name = f"go {arguments[0]}"
            raise WayFailed(Text(f"{name} が失敗しました:\n{last}", f"{name} failed:\n{last}"))


def _lines(pipe: int) -> Iterator[str]:
    """Whole lines as they come. Raises `WayFailed` where none comes for too long."""
    left = b""
    while True:
        if not select.select([pipe], [], [], _SILENCE_SECONDS)[0]:
            minutes = f"{_SILENCE_SECONDS / 60:.0f}"
            raise WayFailed(
                Text(f"go が {minutes} 分間応答しません", f"go said nothing for {minutes} minutes")
            )
        part = os.read(pipe, 65_536)
        *whole, left = (left + part).split(b"\n")
        for line in whole if part else [left]:
            if line:
                yield line.decode(errors="replace")
        if not part:
            return
