"""Pulumi's language host inside a worker: runs the programs for the engine, one after another.

It is the Automation API's own `LanguageServer`, kept for the worker's whole life. Each program runs
as `python __main__.py` would: its folder leads `sys.path` and is the working directory, and what it
imported from there is forgotten afterwards.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Callable
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.errors import RunError
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2_grpc

from moyai.engine.worker.messages import Failure, failure_of
from moyai.errors import MoyaiError
from moyai.texts import Text

_THREADS = 4
"""Calls of the engine at a time: one runs the program, the others ask about it."""


class Host:
    """The language host of one worker."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """`tell` gets what belongs into the run's log."""
        self._tell = tell
        self._program: Path | None = None
        self.failure: Failure | None = None
        """Why the program failed in its own code; None where it did not."""
        self._server = grpc.server(
            futures.ThreadPoolExecutor(_THREADS), options=_GRPC_CHANNEL_OPTIONS
        )
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(
            LanguageServer(self._run), self._server
        )
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def prepare(self, program: Path) -> None:
        """The program that the engine gets when it asks."""
        self._program = program
        self.failure = None

    def close(self) -> None:
        """Serve no more."""
        self._server.stop(None).wait()

    def _run(self) -> None:
        assert self._program is not None
        folder = str(self._program.parent)
        before, path, here = set(sys.modules), list(sys.path), Path.cwd()
        sys.path.insert(0, folder)
        os.chdir(folder)
        try:
            runpy.run_path(str(self._program), run_name="__main__")
        except MoyaiError as error:
            self.failure = failure_of(error)
            raise RunError(str(error.what)) from None
        except Exception as error:
            # The program is the user's: whatever it raises is told as its failure, with the
            # traceback (which has no values of variables) in the run's log only.
            self._tell(traceback.format_exc())
            self.failure = program_failed(error, self._program)
            raise RunError(f"{type(error).__name__} in {self._program.name}") from None
        finally:
            sys.path[:] = path
            os.chdir(here)
            _forget(set(sys.modules) - before, folder)


def program_failed(error: BaseException, program: Path) -> Failure:
    """What a program's exception means to a person; the place is where its own code was left."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(str(program.parent))]
    place = f"{own[-1].filename}:{own[-1].lineno}" if own else str(program)
    said = f"{type(error).__name__}: {error}".strip()
    return Failure(
        refused=False,
        what=Text(
            f"プログラムが失敗しました: {place}: {said}", f"the program failed: {place}: {said}"
        ),
        touched=None,
        remedy=None,
    )


def _forget(modules: set[str], folder: str) -> None:
    for name in modules:
        place = getattr(sys.modules.get(name), "__file__", None)
        if place is not None and place.startswith(folder + os.sep):
            del sys.modules[name]
