"""The two ways to bring an engine in: the official installer, and a build from Go modules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from importlib import resources
from pathlib import Path
from urllib.error import URLError

import semver
from pulumi.automation import PulumiCommand

from moyai.engine.toolchain.cache import Engine, Origin, cache_folder, keep
from moyai.engine.toolchain.version import VERSION, version_of
from moyai.texts import Text

LEAST_GO = (1, 25)
_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_LAST_LINES = 15


class WayFailed(Exception):  # noqa: N818 - it becomes part of one error that names all ways
    """One way did not work, and why."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


def by_installer() -> Engine:
    """Pulumi's own installer, into a scratch folder, then the cache. Needs the internet."""
    with _Scratch() as folder:
        try:
            PulumiCommand.install(root=str(folder), version=semver.VersionInfo.parse(VERSION))
        except (URLError, OSError, subprocess.SubprocessError, RuntimeError) as error:
            raise WayFailed(
                Text(
                    f"公式の導入手順に届きません（{type(error).__name__}）",
                    f"its download cannot be reached ({type(error).__name__})",
                )
            ) from None
        return _checked(folder / "bin" / "pulumi", "installer")


def by_build() -> Engine:
    """`go build` with the repository's own go.mod and go.sum: every source is pinned by hash."""
    go = shutil.which("go")
    if go is None:
        raise WayFailed(Text("go が PATH にありません", "there is no go on PATH"))
    found = go_version(go)
    if found is None or found < LEAST_GO:
        words = "?" if found is None else ".".join(map(str, found))
        raise WayFailed(
            Text(f"Go {words} は古すぎます（1.25 以上）", f"Go {words} is too old (1.25 or newer)")
        )
    with _Scratch() as folder:
        source = resources.files("moyai.engine.toolchain.build")
        for name in ("go.mod", "go.sum"):
            (folder / name).write_bytes(source.joinpath(name).read_bytes())
        binary = folder / "pulumi"
        answer = subprocess.run(
            [
                go,
                "build",
                "-mod=readonly",
                "-trimpath",
                f"-ldflags=-s -w -X {_VERSION_VARIABLE}=v{VERSION}",
                "-o",
                str(binary),
                _PACKAGE,
            ],
            cwd=folder,
            env=_build_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            lines = "\n".join(answer.stderr.strip().splitlines()[-_LAST_LINES:])
            raise WayFailed(
                Text(f"go build が失敗しました:\n{lines}", f"go build failed:\n{lines}")
            )
        return _checked(binary, "build")


def go_version(go: str) -> tuple[int, int] | None:
    """(Major, minor) of a Go toolchain, or None where it does not say."""
    try:
        answer = subprocess.run(
            [go, "version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _build_environment() -> dict[str, str]:
    """The caller's, without what would turn the build elsewhere; cgo is not needed."""
    dropped = {"GOFLAGS", "GOOS", "GOARCH", "GOWORK", "GO111MODULE"}
    environ = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**environ, "CGO_ENABLED": "0", "GOWORK": "off"}


class _Scratch:
    """A folder beside the cache, so that the binary can be moved and not copied."""

    def __enter__(self) -> Path:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        self._made = tempfile.TemporaryDirectory(prefix="work-", dir=folder)
        return Path(self._made.name)

    def __exit__(self, *_: object) -> None:
        self._made.cleanup()


def _checked(binary: Path, origin: Origin) -> Engine:
    found = version_of(binary)
    if found != VERSION:
        raise WayFailed(
            Text(
                f"できたエンジンの版が {found} で、{VERSION} ではありません",
                f"the engine that came is version {found}, not {VERSION}",
            )
        )
    return keep(binary, origin)
