"""Pulumi's SDK in a worker, kept from what costs much and serves nobody there.

Programs see no difference: each change here does what the SDK does, for less. Everything rests on
private parts of the pinned SDK; `tests/unit/engine/test_worker_sdk.py` fails where one of them is
not what it was, and holds what is put in its place against it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

import pulumi._types
import pulumi._utils
import pulumi.log
import pulumi.output
import pulumi.runtime.resource
import pulumi.runtime.rpc
import pulumi.runtime.stack
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.settings import SETTINGS, get_project, get_stack

from moyai.engine.worker.log import Redactor

_LOOK_SECONDS = 2.0
"""How often outputs that were made meanwhile are looked at for failures."""
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types whose values hold no others, so nothing unknown either."""
_TYPES_KEPT = 4096
"""Types of properties whose inner type is remembered: a program uses some hundreds."""

Data = pulumi.output._OutputData
Output = pulumi.output.Output


def make_lean(redactor: Redactor) -> None:
    """Change the SDK in this process, once. The redactor learns every secret that programs hold."""
    _say_less()
    _watch_secrets(redactor)
    output: Any = Output
    output._track = track
    rpc: Any = pulumi.runtime.rpc
    rpc.transfer_properties = transfer_properties
    resource: Any = pulumi.runtime.resource
    resource.create_urn = partial(create_urn, resource.create_urn)
    types: Any = pulumi._types
    types.unwrap_type = remembering(types.unwrap_type)
    utils: Any = pulumi._utils
    utils.ContextProperty.__get__ = setting


def _say_less() -> None:
    """Its debug messages hold secrets in clear, the engine writes them into the event log whether
    asked to or not, and they are three more calls for each resource. The stack trace of each
    resource was more than half of a checkpoint, which is written twice a resource; it named places
    of this machine, and differed wherever the checkout lay. And at a program's end it waits for the
    first of all outputs, again and again, which takes the square of their number.
    """
    pulumi.log.debug = _nothing
    pulumi.runtime.resource._get_stack_trace = source_pb2.StackTrace
    vars(pulumi.runtime.stack)["asyncio"] = _CalmAsyncio()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def _nothing(*_: object, **__: object) -> None:
    return None


class _CalmAsyncio:
    """`asyncio` for the SDK's `wait_for_rpcs`: waits for a failure, or for all, or for a while."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(tasks: Iterable[asyncio.Task[Any]], *, return_when: str) -> Any:
        """What is done, and what is not. The SDK looks for failures in the one, and asks again."""
        del return_when
        return await asyncio.wait(tasks, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_EXCEPTION)


def _watch_secrets(redactor: Redactor) -> None:
    """Let a redactor learn every secret value that programs in this process hold.

    By type, as Pulumi marks them, wherever they come from: the program, or a provider's outputs.
    """

    def settle(self: Any) -> None:
        value = self.value
        if self.is_known and type(value) not in _PLAIN:
            self.is_known = not pulumi.output.contains_unknowns(value)
        if self.is_secret and self.is_known:
            redactor.add(value)

    Data.__post_init__ = settle  # type: ignore[method-assign]  # there is no hook for it


def setting(self: Any, obj: object, _owner: object = None) -> Any:
    """`ContextProperty.__get__`: one look at the variable in place of two. The SDK's settings are
    such, and each property of each resource asks for one."""
    if obj is None:
        return self
    value = self.fget()
    return self if isinstance(value, dict) else value


def track(self: Any) -> None:
    """`Output._track`: the SDK's set has outputs that are not settled, and those that failed.

    Most outputs are settled when they are made: values of the program.
    """
    data = self._data
    if data.done() and not data.cancelled() and data.exception() is None:
        return
    outputs = SETTINGS.outputs
    outputs.add(data)
    data.add_done_callback(partial(_settled, outputs))


def _settled(outputs: set[Any], data: asyncio.Future[Any]) -> None:
    if not data.cancelled() and data.exception() is None:
        outputs.discard(data)


Resolver = Callable[[Any, bool, bool, set[Any] | None, Exception | None], None]


def transfer_properties(res: Any, props: Mapping[str, Any], custom: bool) -> dict[str, Resolver]:
    """`rpc.transfer_properties`: an output for each property, with one future in place of four and
    a task that waits for them."""
    resolvers: dict[str, Resolver] = {}
    loop = asyncio.get_event_loop()
    for name in props:
        if name == "urn" or (name == "id" and custom):
            continue
        data: asyncio.Future[Any] = loop.create_future()
        resolvers[name] = partial(_resolve, res, data)
        res.__dict__[name] = Output._from_data(data)
    return resolvers


def _resolve(
    res: Any,
    data: asyncio.Future[Any],
    value: Any,
    is_known: bool,
    is_secret: bool,
    deps: set[Any] | None,
    failed: Exception | None,
) -> None:
    if failed is not None:
        data.set_exception(failed)
    else:
        data.set_result(Data({*(deps or ()), res}, value, is_known, is_secret))


def create_urn(
    usual: Callable[..., Any],
    name: Any,
    type_: Any,
    parent: Any = None,
    project: str | None = None,
    stack: str | None = None,
) -> Any:
    """`resource.create_urn`, which each registration asks for the sake of mocks: at once where all
    is known, as it is there."""
    if (
        type(name) is not str
        or type(type_) is not str
        or not (parent is None or type(parent) is str)
    ):
        return usual(name, type_, parent, project, stack)
    if parent is None:
        prefix = f"urn:pulumi:{stack or get_stack()}::{project or get_project()}::"
    else:
        prefix = f"{parent[: parent.rfind('::')]}$"
    data: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
    data.set_result(Data(set(), f"{prefix}{type_}::{name}", True, False))
    return Output._from_data(data)


def remembering(unwrap: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`_types.unwrap_type`, which is asked of the same types for each property of each resource."""
    known = lru_cache(_TYPES_KEPT)(unwrap)

    def unwrap_type(val: Any) -> Any:
        try:
            return known(val)
        except TypeError:  # a type that cannot be a key
            return unwrap(val)

    return unwrap_type
