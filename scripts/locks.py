"""`locks.py check|renew`: the locked dependencies, and whether they are those that were asked for.

`check` needs no network: what pyproject.toml and the `*.in` files ask for is compared with what the
locks hold. `renew` needs `uv`, and resolves anew for every platform and Python that is supported.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

RUNTIME = "requirements/runtime.txt"
DEV = "requirements/dev.txt"
BUILD = "requirements/build.in"
JOBS = "platform/moyai/jobs/requirements"
FOCUS = "requirements/focus"
"""Of a validator that stands alone: its packages are far older than the product's."""
BENCH = "requirements/bench"
"""What a benchmark is held against, in an environment of its own; no part of the project."""
LEAST_PYTHON = "3.11"
DIRECT = re.compile(r"moyai \(pyproject\.toml|-r .*\.in$")
"""How uv marks what was asked for, and not only needed by something that was."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock."""

    requirement: Requirement
    hashes: int
    is_direct: bool

    @property
    def name(self) -> str:
        """Its name, normalised."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version that is locked."""
        return str(self.requirement.specifier).removeprefix("==")


def read_lock(text: str) -> tuple[list[Pin], list[str]]:
    """A lock's packages, and what is wrong with its lines."""
    pins: list[Pin] = []
    problems: list[str] = []
    blocks = re.split(r"\n(?=\S)", "\n".join(x for x in text.splitlines() if not x.startswith("#")))
    for block in filter(str.strip, blocks):
        head = block.split("\\\n")[0].split("\n")[0].strip().rstrip("\\").strip()
        try:
            requirement = Requirement(head)
        except InvalidRequirement:
            problems.append(f"not a locked package: {head}")
            continue
        if not re.fullmatch(r"==[^,*]+", str(requirement.specifier)):
            problems.append(f"not locked to one version: {head}")
        comments = [line.strip().lstrip("# ") for line in block.split("\n") if "#" in line]
        direct = any(DIRECT.search(comment.removeprefix("via ")) for comment in comments)
        pins.append(Pin(requirement, block.count("--hash=sha256:"), direct))
    problems += [f"no hash: {pin.requirement}" for pin in pins if pin.hashes == 0]
    return pins, problems


def compare(asked: list[Requirement], pins: list[Pin]) -> Iterator[str]:
    """Where a lock does not hold what is asked for."""
    by_name: dict[str, list[Pin]] = {}
    for pin in pins:
        by_name.setdefault(pin.name, []).append(pin)
    for one in asked:
        found = by_name.get(canonicalize_name(one.name))
        if found is None:
            yield f"missing: {one}"
            continue
        for pin in found:
            if not one.specifier.contains(pin.version, prereleases=True):
                yield f"asked for {one}, locked {pin.version}"
    names = {canonicalize_name(one.name) for one in asked}
    for pin in pins:
        if pin.is_direct and pin.name not in names:
            yield f"no longer asked for: {pin.name}"


def requirements_in(path: Path) -> list[Requirement]:
    """The requirements of a `*.in` file."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def check(root: Path) -> list[str]:
    """Everything that is wrong with the locks, each with its file's name."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    runtime = [Requirement(text) for text in project["project"]["dependencies"]]
    for extra in project["project"].get("optional-dependencies", {}).values():
        runtime += [Requirement(text) for text in extra]
    dev = [Requirement(text) for text in project["dependency-groups"]["dev"]]
    dev += requirements_in(root / BUILD)
    dev += [Requirement(text) for text in project["build-system"]["requires"]]
    problems: list[str] = []
    locked: dict[str, set[str]] = {}
    for file, asked in (
        (RUNTIME, runtime),
        (DEV, runtime + dev),
        (f"{JOBS}.txt", requirements_in(root / f"{JOBS}.in")),
        (f"{FOCUS}.txt", requirements_in(root / f"{FOCUS}.in")),
        (f"{BENCH}.txt", requirements_in(root / f"{BENCH}.in")),
    ):
        pins, wrong = read_lock((root / file).read_text())
        locked[file] = {f"{pin.name}=={pin.version}" for pin in pins}
        problems += [f"{file}: {problem}" for problem in (*wrong, *compare(asked, pins))]
    for pin in sorted(locked[RUNTIME] - locked[DEV]):
        problems.append(f"{DEV}: {pin} is locked otherwise than in {RUNTIME}")
    return problems


def renew(root: Path) -> int:
    """Resolve anew; returns the exit code."""
    uv = shutil.which("uv")
    if uv is None:
        sys.stderr.write("依存関係の固定には uv が要ります。\nuv is needed to lock dependencies.\n")
        return 2
    common = ("--quiet", "--universal", "--generate-hashes", "--no-header", "--no-emit-index-url")
    compile_ = [uv, "pip", "compile", *common, "--python-version", LEAST_PYTHON]
    project = ["--extra", "sandbox", "pyproject.toml"]
    dev = ["--group", "dev", "--constraint", RUNTIME, BUILD]
    for arguments in (
        [*project, "--output-file", RUNTIME],
        [*project, *dev, "--output-file", DEV],
        ["--constraint", RUNTIME, f"{JOBS}.in", "--output-file", f"{JOBS}.txt"],
        [f"{FOCUS}.in", "--output-file", f"{FOCUS}.txt"],
        [f"{BENCH}.in", "--output-file", f"{BENCH}.txt"],
    ):
        code = subprocess.run([*compile_, *arguments], cwd=root, check=False).returncode
        if code != 0:
            return code
    return 0


def main(verb: str) -> int:
    """`check` or `renew`; returns the exit code."""
    root = Path(__file__).resolve().parent.parent
    if verb == "renew" and (code := renew(root)) != 0:
        return code
    problems = check(root)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if problems:
        sys.stderr.write(
            "固定した依存関係が古くなっています。make lock で改めてください。\n"
            "The locked dependencies are out of date: renew them with make lock.\n"
        )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
