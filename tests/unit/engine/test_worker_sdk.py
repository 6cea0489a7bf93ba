"""What workers put in place of parts of Pulumi's SDK does what those parts do."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Union

import pulumi
import pulumi._types
import pulumi._utils
import pulumi.output
import pulumi.runtime.resource
import pulumi.runtime.rpc
import pulumi.runtime.stack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import UNKNOWN
from pulumi.runtime.settings import SETTINGS, reset_options

from moyai.engine.worker import sdk

REPLACED: Mapping[str, tuple[Any, str]] = {
    "Output._track": (pulumi.Output._track, "72569ad70fd52b20"),
    "_OutputData.__post_init__": (pulumi.output._OutputData.__post_init__, "dfbb14fef710f99c"),
    "rpc.transfer_properties": (pulumi.runtime.rpc.transfer_properties, "0e7c02ffa04ff20b"),
    "resource.create_urn": (pulumi.runtime.resource.create_urn, "b4efa209c920a83a"),
    "resource._get_stack_trace": (pulumi.runtime.resource._get_stack_trace, "3943b22730169251"),
    "_types.unwrap_type": (pulumi._types.unwrap_type, "6ccd35036cb0b3d4"),
    "_utils.ContextProperty.__get__": (pulumi._utils.ContextProperty.__get__, "9ad2f80adadba86b"),
    "stack.wait_for_rpcs": (pulumi.runtime.stack.wait_for_rpcs, "c92289a2f839f522"),
}


@pytest.mark.parametrize("name", REPLACED)
def test_the_sdk_is_the_one_that_this_was_written_for(name: str) -> None:
    """Where this fails, see what the SDK does there now, and whether `worker.sdk` still does it."""
    part, known = REPLACED[name]
    assert hashlib.sha256(inspect.getsource(part).encode()).hexdigest()[:16] == known


@pytest.fixture(autouse=True)
def _stack() -> Iterator[None]:
    reset_options(project="moyai-tenant", stack="271004", organization="organization")
    yield
    reset_options()


class Res:
    """A resource as far as properties are transferred to it."""


async def _settled(
    transfer: Callable[..., Mapping[str, Any]],
    values: Sequence[Any],
    deps: set[Any] | None,
    failed: Exception | None,
    secret: bool,
) -> list[Any]:
    res = Res()
    resolvers = transfer(res, {f"p{n}": None for n in range(len(values))}, True)
    outputs = [res.__dict__[name]._data for name in resolvers]
    for resolve, value in zip(resolvers.values(), values, strict=True):
        resolve(value, True, secret, deps, failed)
    found = await asyncio.gather(*outputs, return_exceptions=True)
    return [
        one
        if isinstance(one, Exception)
        else (one.value, one.is_known, one.is_secret, one.resources - {res}, res in one.resources)
        for one in found
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=4), st.booleans(), st.booleans(), st.booleans())
def test_properties_become_the_same_outputs(
    values: list[Any], secret: bool, has_deps: bool, fails: bool
) -> None:
    other = Res()
    failed = LookupError("no such thing") if fails else None
    settle = partial(
        _settled,
        values=values,
        deps={other} if has_deps else None,
        failed=failed,
        secret=secret,
    )
    usual = asyncio.run(settle(pulumi.runtime.rpc.transfer_properties))
    lean = asyncio.run(settle(sdk.transfer_properties))
    assert lean == usual


def test_urn_and_the_id_of_custom_resources_are_left_to_the_sdk() -> None:
    async def names(custom: bool) -> tuple[list[str], list[str]]:
        props = dict.fromkeys(("urn", "id", "arn"))
        usual = pulumi.runtime.rpc.transfer_properties(Res(), props, custom)  # type: ignore[arg-type]
        return list(usual), list(sdk.transfer_properties(Res(), props, custom))

    for custom in (True, False):
        usual, lean = asyncio.run(names(custom))
        assert lean == usual


@given(
    name=st.text(min_size=1),
    type_=st.text(min_size=1),
    parent=st.none() | st.text().map(lambda words: f"urn:pulumi:s::p::{words}::n"),
    project=st.none() | st.text(min_size=1),
    stack=st.none() | st.text(min_size=1),
)
def test_urns_are_the_sdks(
    name: str, type_: str, parent: str | None, project: str | None, stack: str | None
) -> None:
    async def both() -> tuple[str | None, str | None]:
        reset_options(project="moyai-tenant", stack="271004", organization="organization")
        usual = pulumi.runtime.resource.create_urn
        given = (name, type_, parent, project, stack)
        lean = sdk.create_urn(_never, *given)
        assert lean._data.done()
        return await usual(*given).future(), await lean.future()

    usual, lean = asyncio.run(both())
    assert lean == usual


def test_urns_of_what_is_not_known_yet_are_left_to_the_sdk() -> None:
    async def of_an_output() -> tuple[Any, ...]:
        asked: list[tuple[Any, ...]] = []
        parent = pulumi.Output.from_input("urn:pulumi:s::p::t::n")
        sdk.create_urn(lambda *given: asked.append(given), "name", "type", parent)
        return (*asked[0], parent)

    asked = asyncio.run(of_an_output())
    assert asked == ("name", "type", asked[-1], None, None, asked[-1])


def _never(*_: object) -> None:
    raise AssertionError("all of it is known")


def test_only_what_is_not_settled_or_failed_is_kept_for_the_end() -> None:
    async def kept() -> list[set[Any]]:
        reset_options(project="p", stack="s", organization="organization")
        loop = asyncio.get_running_loop()
        known, coming, failing = (loop.create_future() for _ in range(3))
        known.set_result(sdk.Data(set(), "a", True, False))
        failed = loop.create_future()
        failed.set_exception(LookupError())
        seen = []
        for data in (known, coming, failing, failed):
            output = object.__new__(pulumi.Output)
            output._data = data
            sdk.track(output)
        seen.append(set(SETTINGS.outputs))
        coming.set_result(sdk.Data(set(), "b", True, False))
        failing.set_exception(LookupError())
        await asyncio.sleep(0)
        seen.append(set(SETTINGS.outputs))
        assert seen == [{coming, failing, failed}, {failing, failed}]
        return seen

    asyncio.run(kept())


@pytest.mark.parametrize("value", ["words", None, 0, {"a": 1}, {}], ids=str)
def test_settings_are_read_as_the_sdk_reads_them(value: object) -> None:
    class Settings:
        one = pulumi._utils.ContextProperty(name="one", default=value)

    known = Settings()
    kept = Settings.__dict__["one"]
    for obj in (known, None):
        assert sdk.setting(kept, obj, Settings) is kept.__get__(obj, Settings)


@pytest.mark.parametrize(
    "type_",
    [
        str,
        str | None,
        pulumi.Input[str],
        pulumi.Input[Sequence[pulumi.Input[str]]] | None,
        pulumi.Input[Mapping[str, pulumi.Input[str]]] | None,
        pulumi.Output[str | int],
        Union[pulumi.Input[str], None],  # noqa: UP007 - as generated SDKs write it
        list["Res"],
    ],
    ids=str,
)
def test_inner_types_are_the_sdks(type_: Any) -> None:
    unwrap = sdk.remembering(pulumi._types.unwrap_type)
    assert unwrap(type_) == unwrap(type_) == pulumi._types.unwrap_type(type_)


def test_an_inner_type_that_cannot_be_remembered_is_asked_for_each_time() -> None:
    asked: list[Any] = []
    unwrap = sdk.remembering(lambda type_: asked.append(type_))
    unwrap([])
    unwrap([])
    assert asked == [[], []]
