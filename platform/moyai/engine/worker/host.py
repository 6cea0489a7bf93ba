"""Pulumi's language host inside a worker: runs the programs for the engine, one after another.

It is the Automation API's own `LanguageServer`, kept for the worker's whole life. Each program runs
as `python __main__.py` would: its folder leads `sys.path` and is the working directory, and what it
imported from there is forgotten afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Iterable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pulumi.log
import pulumi.output
import pulumi.runtime.resource
import pulumi.runtime.stack
from pulumi.automation._server import LanguageServer
from pulumi.errors import RunError
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2_grpc, source_pb2

from moyai.engine.worker.log import Redactor
from moyai.engine.worker.messages import Failure, failure_of
from moyai.errors import MoyaiError
from moyai.texts import Text

_LOOK_SECONDS = 0.5
"""How often outputs that were made meanwhile are looked at for failures."""
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
        _quieten()
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


def watch_secrets(redactor: Redactor) -> None:
    """Let a redactor learn every secret value that programs in this process hold.

    By type, as Pulumi marks them, wherever they come from: the program, or a provider's outputs.
    """
    resolved = pulumi.output._OutputData
    settle = resolved.__post_init__

    def learn(self: Any) -> None:
        settle(self)
        if self.is_secret and self.is_known:
            redactor.add(self.value)

    resolved.__post_init__ = learn  # type: ignore[method-assign]  # there is no hook for it


def _quieten() -> None:
    """Keep the SDK from three things that cost much and serve nobody here.

    Its debug messages hold secrets in clear, the engine writes them into the event log whether
    asked to or not, and they are three more calls for each resource. The stack trace of each
    resource was more than half of a checkpoint, which is written twice a resource; it named places
    of this machine, and differed wherever the checkout lay. And at a program's end it waits for the
    first of all outputs, again and again, which takes the square of their number.
    """
    pulumi.log.debug = _nothing
    pulumi.runtime.resource._get_stack_trace = source_pb2.StackTrace
    vars(pulumi.runtime.stack)["asyncio"] = _CalmAsyncio()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class _CalmAsyncio:
    """`asyncio` for the SDK's `wait_for_rpcs`: waits for a failure, or for all, or for a while."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(tasks: Iterable[asyncio.Task[Any]], *, return_when: str) -> Any:
        """What is done, and what is not. The SDK looks for failures in the one, and asks again."""
        del return_when
        return await asyncio.wait(tasks, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_EXCEPTION)


def _nothing(*_: object, **__: object) -> None:
    return None


def _forget(modules: set[str], folder: str) -> None:
    for name in modules:
        place = getattr(sys.modules.get(name), "__file__", None)
        if place is not None and place.startswith(folder + os.sep):
            del sys.modules[name]
