"""What a journal comes to is what the engine itself writes into a folder, step for step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filing_site import HERE, FilingSite, files, only, run_of

from moyai.engine.driver.driver import Driver
from moyai.engine.stacks import Action, StackId
from moyai.engine.state.checkpoint import masked
from moyai.engine.state.checkpoint_store import open_checkpoints

A = StackId("proj", "a")
X = {"name": "x"}
TREE = [*files("x", "y"), {"name": "z", "needs": ["x", "y"]}, {"name": "leaf", "in": "z"}]
STAGES: dict[str, list[dict[str, Any]]] = {
    "creates and nothing to do": [{"files": TREE}, {"files": TREE}],
    "updates, adds and deletes": [
        {"files": [{**X, "text": "one"}, *files("y")]},
        {"files": [{**X, "text": "two"}, *files("z")]},
        {"files": []},
    ],
    "secrets": [
        {"files": [{**X, "secret": "FILING_HIDDEN"}, {"name": "y", "box": True}]},
        {"files": [{**X, "secret": "FILING_HIDDEN", "after": 0.1}], "password": "other"},
    ],
    "replaces, new one first": [{"files": TREE}, {"files": [{**X, "name": "x2", "logical": "x"}]}],
    "replaces, old one first": [
        {"files": [{**X, "first": True}, {"name": "y", "needs": ["x"]}]},
        {"files": [{"name": "x2", "logical": "x", "first": True}, {"name": "y", "needs": ["x"]}]},
    ],
    "a failed create": [
        {"files": files("x"), "make": "fail-y"},
        {"files": [*files("x", "y", "z"), {"name": "w", "needs": ["y"]}]},
        {"files": [*files("x", "y", "z")], "drop": "fail-y"},
    ],
    "a failed delete": [
        {"files": TREE, "make": "stuck-x"},
        {"files": [{"name": "x2", "logical": "x"}]},
        {"files": [{"name": "x2", "logical": "x"}], "drop": "stuck-x"},
    ],
    "a new name": [{"files": TREE}, {"files": [{"name": "x", "logical": "b", "was": ["x"]}]}],
    "a parent's new name": [
        {"files": [*files("p"), {"name": "c", "in": "p"}]},
        {
            "files": [
                {"name": "p", "logical": "q", "was": ["p"]},
                {"name": "c", "in": "q"},
            ]
        },
    ],
    "refreshed and made again": [
        {"files": TREE},
        {"files": TREE, "drop": "x.file", "refresh": True},
    ],
    "only refreshed": [
        {"files": TREE},
        {"files": TREE, "drop": "z.file", "action": "refresh"},
        {"files": TREE, "action": "refresh"},
        {"files": TREE},
    ],
    "destroyed": [{"files": TREE}, {"files": [], "action": "destroy"}],
    "protected": [
        {"files": [{**X, "protect": True}]},
        {"files": []},
        {"files": [X]},
        {"files": []},
    ],
}


@dataclass
class Side:
    """One way of keeping state: a site of its own, and a driver that stays."""

    site: FilingSite
    driver: Driver


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[tuple[Side, Side]]:
    """By the journal, and by the engine itself."""
    folder = tmp_path_factory.mktemp("sides")
    journal, whole = FilingSite(folder / "journal"), FilingSite(folder / "folder")
    for site in (journal, whole):
        site.more["FILING_HIDDEN"] = "hidden"
    whole.more["PYTHONPATH"] = str(HERE / "folder_backend")
    whole.more["FOLDER_BACKEND"] = whole.state_backend
    with Driver(journal, engine, jobs=1) as one, Driver(whole, engine, jobs=1) as other:
        yield Side(journal, one), Side(whole, other)


@pytest.mark.parametrize("stages", STAGES.values(), ids=STAGES)
def test_it_is_what_the_engine_writes(
    stages: list[dict[str, Any]], sides: tuple[Side, Side]
) -> None:
    by_journal, by_engine = (_after_each(side, stages) for side in sides)
    assert by_journal == by_engine
    histories = [side.site.home / "state/.pulumi/history/proj/a" for side in sides]
    assert [history.is_dir() for history in histories] == [True, True]


def _after_each(side: Side, stages: list[dict[str, Any]]) -> list[tuple[bool, Any]]:
    site = side.site
    site.clear()
    found = []
    for stage in stages:
        if "make" in stage:
            (site.cloud / stage["make"]).touch()
        if "drop" in stage:
            (site.cloud / stage["drop"]).unlink()
        action: Action = stage.get("action", "up")
        config = {k: v for k, v in stage.items() if k in ("files", "password")}
        run = run_of("a", action, refresh=stage.get("refresh", False), **config)
        result = only(side.driver, run)
        assert not open_checkpoints(site).is_open(A)
        found.append((result.ok, _written(site)))
    return found


def _written(site: FilingSite) -> Any:
    """A checkpoint without what differs from run to run."""
    checkpoint = open_checkpoints(site).read(A)
    assert checkpoint is not None
    deployment = dict(checkpoint.deployment)
    manifest = dict(deployment.pop("manifest"))
    del manifest["time"]
    secrets = deployment.pop("secrets_providers")["type"]
    resources = [_steady(resource) for resource in deployment.pop("resources", [])]
    resources.sort(key=lambda one: (one["urn"], str(one.get("id")), one.get("delete", False)))
    pending = sorted(map(str, map(_steady, deployment.pop("pending_operations", []))))
    head = {k: v for k, v in checkpoint.document.items() if k != "checkpoint"}
    head["stack"] = checkpoint.document["checkpoint"]["stack"]
    return head, manifest, secrets, resources, pending, deployment


def _steady(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in resource.items() if k not in ("created", "modified")}
    if "dependencies" in kept:
        kept["dependencies"] = sorted(kept["dependencies"])  # the SDK has them in a set
    text: Any = masked(kept)
    return _without_chance(text)  # type: ignore[no-any-return]  # a mapping stays one


def _without_chance(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: 0 if k == "pid" else _without_chance(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_chance(part) for part in value]
    if isinstance(value, str):
        value = re.sub(r"box-[0-9a-f]{8}", "box-0", value)
        return re.sub(
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "uuid", value
        )
    return value
