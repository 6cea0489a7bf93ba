"""The embedded cloud's process: `python -m moyai.sandbox.daemon CONFIG`.

CONFIG is a JSON object (see `Config`). The process detaches itself, serves until SIGTERM, and
writes one line to the handle `ready` when it answers or when it cannot: `{"ok": true}` or
`{"error": {"ja": …, "en": …}}`, with a `remedy` like it where there is one.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Config:
    """What the cloud must know. Passed on the command line, so nothing secret is in it."""

    home: str
    project: str
    account_id: str
    region: str
    ready: int
    """Handle of the pipe to which readiness is written."""

    def to_json(self) -> str:
        """As the command line has it."""
        return json.dumps(asdict(self))


def main(arguments: list[str]) -> None:
    """Detach, and run the cloud."""
    config = Config(**json.loads(arguments[0]))
    # The starter waits for the first process only, so that no ended cloud is left unreaped.
    if os.fork():
        os._exit(0)
    _redirect(Path(config.home) / "cloud" / "cloud.log")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Heavy imports come after the fork, and after moto was told what to leave out.
    os.environ.update(
        MOTO_ACCOUNT_ID=config.account_id,
        MOTO_ACM_VALIDATION_WAIT="0",
        MOTO_DISABLE_GLOBAL_CORS="true",
        MOTO_EC2_LOAD_DEFAULT_AMIS="false",
        AWS_EC2_METADATA_DISABLED="true",
    )
    from moyai.sandbox.service import run

    sys.exit(run(config))


def _redirect(log: Path) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    os.close(nothing)


if __name__ == "__main__":
    main(sys.argv[1:])
