"""Where a command works: the registry it read, the folder Moyai keeps, and one opened site."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from moyai.engine.sites import SiteRuntime, open_site
from moyai.errors import UsageError
from moyai.registry import require
from moyai.registry.models import Registry, Site
from moyai.texts import JAPAN, Text, of_system


def today() -> date:
    """The calendar day in Asia/Tokyo."""
    return datetime.now(JAPAN).date()


def home_folder(project: Path, environ: Mapping[str, str]) -> Path:
    """All that Moyai keeps for one checkout: `MOYAI_HOME`, or a folder of the user's data folder.

    The default's name holds a hash of the checkout's path, so that two checkouts do not meet.
    """
    explicit = environ.get("MOYAI_HOME")
    if explicit:
        return Path(explicit).expanduser().absolute()
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    project = project.resolve()
    name = hashlib.sha256(str(project).encode()).hexdigest()[:12]
    return Path(data).expanduser().absolute() / "moyai" / f"{project.name}-{name}"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A valid registry and an opened site."""

    registry: Registry
    site: Site
    runtime: SiteRuntime
    home: Path

    @property
    def project(self) -> Path:
        """The folder of tenants.yaml, beside which `stacks/` lies."""
        return self.registry.path.parent

    def program(self, name: str) -> Path:
        """The Pulumi program `foundation` or `tenant`."""
        return self.project / "stacks" / name / "__main__.py"


def find_registry_file(named: Path | None) -> Path:
    """tenants.yaml as named, or in this folder or the nearest above it.

    Raises `UsageError` where there is none, or where it is no regular file: a fifo would block.
    """
    found = nearest_registry_file() if named is None else named
    if found is None:
        here = Path.cwd()
        raise UsageError(
            Text(
                f"{here} にも、その上のフォルダにも tenants.yaml がありません。",
                f"no tenants.yaml in {here} or any folder above it.",
            ),
            remedy=_NAME_IT,
        )
    trouble = _why_no_file(found)
    if trouble is not None:
        raise UsageError(trouble, remedy=_NAME_IT)
    return found.absolute()


_NAME_IT = Text(
    "--file で tenants.yaml の場所を示してください。", "Name the place of tenants.yaml with --file."
)


def nearest_registry_file() -> Path | None:
    """The tenants.yaml of this folder or the nearest above it, whatever it is; None: there is none."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        candidate = folder / "tenants.yaml"
        if os.path.lexists(candidate):
            return candidate
    return None


def _why_no_file(path: Path) -> Text | None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Text(f"{path} がありません。", f"there is no {path}.")
    except (OSError, ValueError) as error:  # ValueError: a zero in the name
        why = (
            of_system(error)
            if isinstance(error, OSError)
            else Text("名前に使えない文字があります", str(error))
        )
        return Text(f"{path} を読めません（{why.ja}）。", f"cannot read {path}: {why.en}.")
    if stat.S_ISDIR(mode):
        return Text(
            f"{path} はフォルダで、ファイルではありません。", f"{path} is a folder, not a file."
        )
    if not stat.S_ISREG(mode):
        return Text(f"{path} は普通のファイルではありません。", f"{path} is not a regular file.")
    return None


def open_workspace(file: Path | None, site_name: str) -> Workspace:
    """Read tenants.yaml and open a site of it.

    Raises `RegistryError` with every problem of the file, `UsageError` for an unknown site.
    """
    path = find_registry_file(file)
    registry = require(path)
    site = registry.sites.get(site_name)
    if site is None:
        known = ", ".join(sorted(registry.sites))
        raise UsageError(
            Text(
                f"拠点「{site_name}」は tenants.yaml にありません。あるもの: {known}",
                f"tenants.yaml has no site '{site_name}'; it has: {known}",
            )
        )
    home = home_folder(path.parent, os.environ)
    return Workspace(registry, site, open_site(site, home, path.parent), home)
