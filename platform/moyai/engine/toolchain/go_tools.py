"""The Go toolchain on this machine: which it is, and the variables it builds with."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from moyai.engine.toolchain.version import VERSION

_SECONDS = 30
_ABLE_TO_FETCH = (1, 21, 0)
"""From this version on Go gets a newer Go through the module proxy, unless GOTOOLCHAIN forbids."""
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

GoVersion = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Go:
    """A Go toolchain."""

    path: str
    version: GoVersion

    def __str__(self) -> str:
        return f"Go {'.'.join(map(str, self.version))}"

    def is_new_enough(self) -> bool:
        """Whether it builds the engine as it is."""
        return self.version >= least_go()

    def may_fetch(self) -> bool:
        """Whether it may get a Go that is new enough by itself."""
        allowed = os.environ.get("GOTOOLCHAIN") not in ("local", "path")
        return allowed and self.version >= _ABLE_TO_FETCH


def find_go() -> Go | None:
    """`go` on PATH; None where there is none or it does not answer."""
    path = shutil.which("go")
    if path is None:
        return None
    with tempfile.TemporaryDirectory(prefix="moyai-go-") as empty:
        try:
            answer = subprocess.run(
                [path, "version"],
                cwd=empty,  # away from a go.mod that would ask for another version
                env={**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
            return None
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    return Go(path, (int(found[1]), int(found[2]), int(found[3] or 0))) if found else None


def module_file(name: str) -> str:
    """`go.mod` or `go.sum`, which pin every source of the engine by its hash."""
    return resources.files("moyai.engine.toolchain.build").joinpath(name).read_text("utf-8")


def least_go() -> GoVersion:
    """The Go that go.mod asks for."""
    found = re.search(r"^go (\d+)\.(\d+)(?:\.(\d+))?$", module_file("go.mod"), re.MULTILINE)
    assert found is not None
    return (int(found[1]), int(found[2]), int(found[3] or 0))


def is_pinned_in_module() -> bool:
    """Whether go.mod has the SDK's version of the engine."""
    wanted = re.escape(f"github.com/pulumi/pulumi/pkg/v3 v{VERSION}")
    return (
        re.search(rf"^\s*(?:require )?{wanted}(?: //.*)?$", module_file("go.mod"), re.MULTILINE)
        is not None
    )


def build_environment(go: Go, scratch: Path) -> dict[str, str]:
    """The caller's variables, without those that would build something else; no cgo.

    What says where modules come from (GOPROXY, GOPRIVATE, GONOSUMDB, …) and where Go keeps them is
    the caller's. Each of ours is set and never empty: Go would look for it in the file that
    `go env -w` writes.
    """
    ours = {
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTMPDIR": str(scratch),
        "GOWORK": "off",
        "HOME": str(Path.home()),
    }
    if platform.machine() in _MACHINES:
        ours["GOOS"] = platform.system().lower()
        ours["GOARCH"] = _MACHINES[platform.machine()]
    if go.is_new_enough():
        ours["GOTOOLCHAIN"] = "local"
    return {**os.environ, **ours}
