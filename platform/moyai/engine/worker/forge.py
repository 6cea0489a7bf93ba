"""The process that workers are forked from: started fresh, without threads, with imports done.

`python -m moyai.engine.worker.forge FD`: FD is a socket on which the driver sends tuples of module
names, to import them, one `Setup`, and after that None, each followed by a descriptor: the pipe of a
worker to be forked, which is answered with its process id. It ends when the socket closes.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from multiprocessing import reduction
from multiprocessing.connection import Connection
from types import FrameType

from moyai.engine.worker.loop import serve
from moyai.engine.worker.messages import Setup


def main() -> None:
    """Serve one driver."""
    control = Connection(int(sys.argv[1]))
    # What is imported stays; the little garbage that importing leaves is not worth looking for.
    gc.disable()
    # The kernel reaps workers at once: a dead one must not be seen in its process group.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # Not SIG_IGN, which engines would inherit: they are cancelled by this signal.
    signal.signal(signal.SIGINT, _unmoved)
    setup: Setup | None = None
    while True:
        try:
            message: Setup | tuple[str, ...] | None = control.recv()
            if isinstance(message, tuple):
                _import(message)
            elif message is not None:
                setup = message
            elif setup is not None:
                control.send(_fork(setup, control, reduction.recv_handle(control)))
        except (EOFError, OSError):
            return


def _unmoved(_number: int, _frame: FrameType | None) -> None:
    return None


_NO_SUCH_NAME = "a name that no module has"


def _import(names: tuple[str, ...]) -> None:
    """Import modules, packages before what is in them (names are sorted).

    `pulumi_aws` makes its packages lazy. One that is first loaded because a module inside it is
    being imported loads that module in the middle of its own import, and lacks its names for good;
    so each is made to load by a look at it.
    """
    for name in names:
        try:
            getattr(importlib.import_module(name), _NO_SUCH_NAME, None)
        except ImportError:
            continue  # made by a program as it ran; the worker makes it again


def _fork(setup: Setup, control: Connection, pipe: int) -> int:
    # A worker's collector, should a program switch it on, need not touch, and so copy, these pages.
    gc.freeze()
    pid = os.fork()
    if pid:
        os.close(pipe)
        return pid
    status = 1
    try:
        control.close()
        os.setpgid(0, 0)
        os.umask(0o077)  # what it and its engines write is the owner's alone
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        serve(setup, Connection(pipe))
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise
    finally:
        # Threads of the program or of gRPC must not hold up the end.
        os._exit(status)


if __name__ == "__main__":
    main()
