"""A body's database opened by hand, on record: that it was, and not what was asked there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from moyai.operations.evidence.catching_up import put_now
from moyai.operations.evidence.doing import About, on_record
from moyai.operations.site.embedded import SITE
from moyai.operations.site.workspace import open_workspace
from moyai.planning.selectors import only


def opened_by_hand(
    path: Path, key: str, service: str, operator: str | None, shell: Callable[[], int]
) -> int:
    """Run a shell on a body's database; its exit code. What is typed there may be anyone's data, and is on no
    record. Raises `OperationFailed` before it begins."""
    workspace = open_workspace(path, SITE)
    code = only(workspace.registry, key).code
    about = About("psql", SITE, workspace.registry.sha256, operator)
    with on_record(workspace.runtime.home, about, (code,), {"service": service}) as deed:
        ended = shell()
        if ended != 0:
            deed.end("failed", {code: ("failed", {})}, {"codes": (code,)})
    put_now(workspace)
    return ended
