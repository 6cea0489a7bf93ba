"""A plugin as a table, and the process that serves one."""

from __future__ import annotations

import gc
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from moyai.provider.properties import Properties
from moyai.provider.resources import Resource, unknown_property
from moyai.texts import Text

MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for one message."""
THREADS = 64
"""Calls at a time: eight engines with eight resources each under way."""

_ENDS = frozenset({signal.SIGTERM, signal.SIGINT})

_GARBAGE = 20_000
"""New objects after which the collector looks for cycles: a call makes thousands, and few stay."""

Invocation = Callable[[Properties], Properties]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin: its package, and a table from token to resource type."""

    package: str
    version: str
    types: Mapping[str, Resource]
    invokes: Mapping[str, Invocation]
    config: frozenset[str] = frozenset()
    """Provider configuration that is accepted."""
    refused: Mapping[str, Text] = field(default_factory=dict)
    """Provider configuration that is not, and why."""
    configure: Callable[[Properties], None] | None = None
    """Takes each engine's configuration; raises a `MoyaiError` for one that cannot be served."""

    def why_not(self, setting: str) -> Text:
        """Why a setting is not accepted."""
        return self.refused.get(setting) or unknown_property(setting, self.config)


def start(servicer: provider_pb2_grpc.ResourceProviderServicer) -> tuple[grpc.Server, int]:
    """Serve on a free port of the loopback; the server and its port."""
    options = [
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        ("grpc.max_send_message_length", MESSAGE_BYTES),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve_with(servicer: provider_pb2_grpc.ResourceProviderServicer) -> None:
    """Print the port on one line, and serve.

    Ends on SIGTERM or SIGINT, and where standard input is a pipe, when its writer goes away: no
    plugin outlives whoever started it.
    """
    # Blocked, so that one that comes just before the wait is not lost; threads inherit that.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    # What is there now stays for good: the collector need not look at it again and again.
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    server, port = start(servicer)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Thread(target=_until_closed, daemon=True).start()
    signal.sigwait(_ENDS)
    server.stop(grace=1).wait()
    sys.stderr.flush()
    # Finalizing the interpreter takes a third of a second, which whoever started this waits for.
    os._exit(0)


def _until_closed() -> None:
    # Not through `sys.stdin`: a thread waiting in its buffer aborts the interpreter's end.
    while os.read(sys.stdin.fileno(), 4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
