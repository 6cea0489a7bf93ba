"""What a journal comes to is what the engine itself writes into a folder, step for step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from filing_site import HERE, FilingSite, files, only, run_of

from moyai.engine.checkpoint import masked, open_checkpoints
from moyai.engine.driver import Driver
from moyai.engine.stacks import Action, StackId

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


@pytest.mark.parametrize("stages", STAGES.values(), ids=STAGES)
def test_it_is_what_the_engine_writes(
    stages: list[dict[str, Any]], tmp_path: Path, engine: Path
) -> None:
    by_journal = _after_each(FilingSite(tmp_path / "journal"), engine, stages)
    folder = FilingSite(tmp_path / "folder")
    folder.more["PYTHONPATH"] = str(HERE / "folder_backend")
    folder.more["FOLDER_BACKEND"] = folder.state_backend
    by_engine = _after_each(folder, engine, stages)
    assert by_journal == by_engine
    assert (folder.home / "state/.pulumi/history/proj/a").is_dir()


def _after_each(
    site: FilingSite, engine: Path, stages: list[dict[str, Any]]
) -> list[tuple[bool, Any]]:
    site.more["FILING_HIDDEN"] = "hidden"
    found = []
    with Driver(site, engine, jobs=1) as driver:
        for stage in stages:
            if "make" in stage:
                (site.cloud / stage["make"]).touch()
            if "drop" in stage:
                (site.cloud / stage["drop"]).unlink()
            action: Action = stage.get("action", "up")
            config = {k: v for k, v in stage.items() if k in ("files", "password")}
            result = only(
                driver, run_of("a", action, refresh=stage.get("refresh", False), **config)
            )
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
