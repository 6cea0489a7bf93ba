"""Every type's life through the protocol: made, read, imported, changed, drifted, replaced, gone."""

from __future__ import annotations

from typing import Any

import pytest
from case import Case, World
from cases.table import CASES
from protocol import Resource, changed

from moyai.provider.properties import UNKNOWN
from moyai.sandbox.aws.table import TYPES

TAGS = {"moyai:tenant": "271004", "moyai:service": "-"}


def with_tags(token: str, case: Case) -> dict[str, Any]:
    return {**case.inputs, "tags": TAGS} if "tags" in TYPES[token].inputs else dict(case.inputs)


def same(world: World, resource: Resource, inputs: Any) -> None:
    diff = world.engine.diff(resource, inputs)
    assert not changed(diff), dict(diff.detailedDiff)


def refreshed(world: World, resource: Resource) -> Resource:
    found = world.engine.refresh(resource)
    assert found is not None
    return found


@pytest.mark.parametrize("token", sorted(TYPES))
def test_every_type_has_a_case(token: str) -> None:
    assert token in CASES


@pytest.mark.parametrize("token", sorted(CASES))
def test_life(token: str, world: World) -> None:
    case = CASES[token](world)
    inputs = with_tags(token, case)
    engine = world.engine
    preview = engine.preview(token, "it", inputs)
    resource = engine.create(token, "it", inputs)
    try:
        _created(world, case, token, inputs, preview, resource)
        resource = _changed(world, case, resource, inputs)
        resource = _drifted(world, case, resource, {**inputs, **(case.update or {})})
        _replaced(world, case, resource, inputs)
    finally:
        engine.delete(resource)
    gone = engine.refresh(resource)
    assert case.stays or gone is None
    engine.delete(resource)


def _created(
    world: World, case: Case, token: str, inputs: Any, preview: Any, resource: Resource
) -> None:
    """What the preview told is so; a read and an import find what was made."""
    for name, value in resource.outputs.items():
        assert name in preview, f"{name} was not previewed"
        assert preview[name] in (value, UNKNOWN) or name in case.later, name
    missing = TYPES[token].computed - resource.outputs.keys()
    assert not missing, f"declared as computed, but not told: {missing}"
    read = refreshed(world, resource)
    assert read.id == resource.id
    same(world, read, inputs)
    for name in (read.outputs.keys() | resource.outputs.keys()) - case.later:
        assert read.outputs.get(name) == resource.outputs.get(name), name
    imported = world.engine.import_(token, "it", case.import_id(resource))
    assert imported is not None
    assert imported.id == resource.id or case.renamed
    assert changed(world.engine.diff(imported, inputs)) <= case.unread


def _changed(world: World, case: Case, resource: Resource, inputs: Any) -> Resource:
    """Properties and tags change in place, and a read finds them changed."""
    if case.update is not None:
        updated = {**inputs, **case.update}
        resource = _apply(world, resource, updated, set(case.update))
        if case.then is not None:
            resource = _apply(world, resource, {**updated, **case.then}, set(case.then))
            resource = _apply(world, resource, updated, set(case.then))
    inputs = {**inputs, **(case.update or {})}
    if "tags" in inputs:
        tags = {"moyai:tenant": "271004", "another": "x"}
        tagged = _apply(world, resource, {**inputs, "tags": tags}, {"tags"})
        assert tagged.outputs["tagsAll"] == tags
        bare = {name: value for name, value in inputs.items() if name != "tags"}
        resource = _apply(world, tagged, bare, {"tags"})
        resource = _apply(world, resource, inputs, {"tags"})
    return resource


def _apply(world: World, resource: Resource, inputs: Any, differ: set[str]) -> Resource:
    diff = world.engine.diff(resource, inputs)
    assert changed(diff) == differ
    assert not diff.replaces
    preview = world.engine.update(resource, inputs, preview=True)
    updated = world.engine.update(resource, inputs)
    for name, value in updated.outputs.items():
        assert preview.outputs.get(name) in (value, UNKNOWN), name
    read = refreshed(world, updated)
    same(world, read, inputs)
    return updated


def _drifted(world: World, case: Case, resource: Resource, inputs: Any) -> Resource:
    """A change behind Pulumi's back is found by a read, and mended by an update."""
    if case.drift is None:
        return resource
    case.drift(world.aws, resource)
    found = world.engine.refresh(resource)
    if not case.drifted:
        assert found is None
        return resource
    assert found is not None
    diff = world.engine.diff(found, inputs)
    assert changed(diff) == case.drifted
    if diff.replaces:
        return found
    mended = world.engine.update(found, inputs)
    same(world, refreshed(world, mended), inputs)
    return mended


def _replaced(world: World, case: Case, resource: Resource, inputs: Any) -> None:
    for name, value in case.replace.items():
        changed_inputs = {**inputs, **(case.update or {}), name: value}
        diff = world.engine.diff(resource, changed_inputs)
        assert list(diff.replaces) == [name]
