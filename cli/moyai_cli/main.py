"""The `moyai` command's entry: signals are heeded before anything slow is imported."""

from __future__ import annotations

import gc
import os
import signal
import sys

_OBJECTS_A_COLLECTION = 50_000
"""Imports make many objects and next to no garbage: to look for it after every 700, as Python does, takes a
tenth of a short command's time."""


def main() -> None:
    """Run the command and exit with its code; an interrupt at any moment is told."""
    # A worker heeds a Ctrl-C wherever it was started: it says so, and so from its first moment.
    is_worker = "worker" in sys.argv[1:]
    if is_worker or signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback, as long as nobody can tell
    from moyai_cli.interrupts import Interrupt, end_on_signals, raise_on_signals

    raise_on_signals(ignored_too=is_worker)
    gc.set_threshold(_OBJECTS_A_COLLECTION)
    # Looking for plugins, which nothing here has, would read the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    try:
        from moyai_cli.application import run  # Typer and Rich: most of the start's time

        code = run()
        end_on_signals(code)
    except Interrupt:
        code = _interrupted()
    sys.exit(code)


def _interrupted() -> int:
    from moyai_cli.interrupts import end_on_signals, interrupted
    from moyai_cli.language import LANG

    error = interrupted()
    end_on_signals(int(error.exit_code))
    sys.stderr.write("".join(f"{line}\n" for line in error.lines(LANG)))
    return int(error.exit_code)
