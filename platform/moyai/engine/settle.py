"""What a killed run left unsettled, and how the next run settles it by reading what is live.

Two traces tell of a create that may have happened without being on record: a pending operation in
the checkpoint (the engine was killed), and an entry in the stack's journal (the engine lived on,
but its plugin, the site or this machine's worker did not, and the engine holds such a create for
failed). Each is put into the checkpoint as a resource with the id that it must have if it exists;
the next update reads everything that is live first, which keeps it where it is there, with its
true values, and drops it where it is not. Updates, deletes and reads that were cut off need
nothing but that reading.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moyai.engine.checkpoint import Checkpoint, masked, name_of
from moyai.engine.stacks import Step
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Located:
    """Where a resource is, if it exists."""

    id: str | None
    """The id that it has if it exists; None: it does not, or that cannot be known."""
    looked: bool = True
    """False where nobody could look for it."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What a read of it needs to be told, beside its id and inputs."""


_SETTLING_SECONDS = 2.0
_QUIET = '{"quiet": true}\n'

Locate = Callable[[str, Mapping[str, Any]], Located]
"""Type and inputs of a resource → where it is."""


class Journal:
    """Creates of one stack that began and did not end well, on disk while a run goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def unsettled(self) -> dict[str, Mapping[str, Any]]:
        """URN → state that was to be created (`[secret]` for secrets), of earlier runs."""
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return {}
        left: dict[str, Mapping[str, Any]] = {}
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # cut off while it was written: its create had not begun
            if "state" in entry:
                left[entry["urn"]] = entry["state"]
            elif "urn" in entry:
                left.pop(entry["urn"], None)
        return left

    def let_settle(self) -> None:
        """Wait until calls of a run that was killed just now have come to their ends.

        A plugin that outlives its engine still ends the call that it is in: what is read before
        that would soon be wrong. An engine that ended by itself has waited for all calls.
        """
        try:
            age = time.time() - self._path.stat().st_mtime
            if self._path.read_text().endswith(_QUIET):
                return
        except FileNotFoundError:
            return
        time.sleep(min(max(_SETTLING_SECONDS - age, 0.0), _SETTLING_SECONDS))

    def open(self, unsettled: Mapping[str, Mapping[str, Any]]) -> None:
        """Begin a run, with what earlier ones left in the journal still."""
        fresh = self._path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(fresh, flags, 0o600)
        for urn, state in unsettled.items():
            self.begin(urn, state)
        fresh.replace(self._path)

    def begin(self, urn: str, state: Mapping[str, Any]) -> None:
        """A create begins."""
        self._write({"urn": urn, "state": state})

    def end(self, urn: str) -> None:
        """It ended well and is on record."""
        self._write({"urn": urn})

    def close(self, *, settled: bool, quiet: bool) -> None:
        """End the run; a settled journal is empty. `quiet`: no call can be under way any more."""
        assert self._handle is not None
        if quiet:
            with suppress(OSError):
                os.write(self._handle, _QUIET.encode())
        os.close(self._handle)
        if settled:
            self._path.unlink()

    def _write(self, entry: Mapping[str, Any]) -> None:
        """A full disk is no reason to leave the engine alone: its own writes fail, and tell."""
        assert self._handle is not None
        with suppress(OSError):
            os.write(self._handle, json.dumps(entry, ensure_ascii=False).encode() + b"\n")


@dataclass(frozen=True, slots=True)
class Cut:
    """One operation that an earlier run did not end."""

    kind: str
    """Pulumi's word: `creating`, `updating`, `deleting`, `reading`, `importing`."""
    urn: str
    type: str
    located: Located = field(default=Located(None), repr=False)
    """Of a create: where it is, if it was done."""

    @property
    def name(self) -> str:
        """Type and logical name, as people see resources."""
        return f"{self.type} {name_of(self.urn)}"


@dataclass(frozen=True, slots=True)
class Repair:
    """What must be done before the next update."""

    document: dict[str, Any] | None
    """The checkpoint to put in place; None where it stays as it is."""
    cuts: tuple[Cut, ...]

    @property
    def needed(self) -> bool:
        """Whether the next update has to read what is live first."""
        return bool(self.cuts)


def plan_repair(
    checkpoint: Checkpoint, unsettled: Mapping[str, Mapping[str, Any]], locate: Locate
) -> Repair:
    """How to settle what is open, given the checkpoint and the journal of earlier runs."""
    suspects = {
        op["resource"]["urn"]: op["resource"]
        for op in checkpoint.pending
        if op["type"] == "creating"
    }
    pending = set(suspects)
    for urn, state in unsettled.items():
        suspects.setdefault(urn, _resource(state))
    known = {(r["urn"], r.get("id")) for r in checkpoint.resources}
    present = {r["urn"]: r for r in checkpoint.resources if not r.get("delete")}
    references = {f"{r['urn']}::{r.get('id')}" for r in checkpoint.resources}
    adopted: list[dict[str, Any]] = []
    cuts: list[Cut] = []
    for urn, resource in suspects.items():
        if urn in present and urn not in pending and _is_on_record(unsettled[urn], present[urn]):
            continue
        located = locate(resource["type"], resource.get("inputs") or {})
        if (urn, located.id) in known:
            continue  # it was to replace one of the same id, and had not begun
        cuts.append(Cut("creating", urn, resource["type"], located))
        if located.id is not None and resource.get("provider") in references:
            # Beside the resource that it was to replace, it can only be taken away again.
            adopted.append(_adopt(resource, located, delete=urn in present))
    cuts += [
        Cut(op["type"], op["resource"]["urn"], op["resource"]["type"])
        for op in checkpoint.pending
        if op["type"] != "creating"
    ]
    if not checkpoint.pending and not adopted:
        return Repair(None, tuple(cuts))
    return Repair(_with(checkpoint, adopted), tuple(cuts))


def without(checkpoint: Checkpoint) -> dict[str, Any]:
    """The checkpoint as it was before a repair, but without its pending operations.

    For a provider that answers a read of what may not exist with an error: the creates in question
    are then tried anew.
    """
    return _with(checkpoint, [])


def tell(cuts: tuple[Cut, ...], after: Checkpoint | None, made: Iterable[Step]) -> tuple[Text, ...]:
    """What became of each operation that was cut off, once the next update ended well.

    `made` are that update's steps: what it made cannot have been there.
    """
    there = {(r["urn"], r.get("id")) for r in after.resources} if after else set()
    anew = {(step.type, step.name) for step in made if step.op == "create"}
    return tuple(
        _tell(cut, (cut.urn, cut.located.id) in there and (cut.type, name_of(cut.urn)) not in anew)
        for cut in cuts
    )


def unrelated(drift: Iterable[Step], cuts: tuple[Cut, ...]) -> list[Step]:
    """What a refresh found different, but for what a repair had put in for it to be looked at."""
    put_in = {(cut.type, name_of(cut.urn)) for cut in cuts if cut.kind == "creating"}
    return [step for step in drift if (step.type, step.name) not in put_in]


def _tell(cut: Cut, is_there: bool) -> Text:
    if cut.kind != "creating":
        word = _WORDS.get(cut.kind, Text(cut.kind, cut.kind))
        return Text(
            f"前回中断した{word.ja}を、現状を読み直して片付けました: {cut.name}",
            f"settled the {word.en} that was cut off, by what is live: {cut.name}",
        )
    if is_there:
        return Text(
            f"前回中断した作成は済んでいたので、引き継ぎました: {cut.name}",
            f"the create that was cut off had been done; adopted it: {cut.name}",
        )
    if cut.located.looked:
        return Text(
            f"前回中断した作成は行われていなかったので、やり直しました: {cut.name}",
            f"the create that was cut off had not been done; did it anew: {cut.name}",
        )
    return Text(
        "前回中断した作成をやり直しました。前回の分が残っていないか、この種類は調べられません: "
        f"{cut.name}",
        "did the create that was cut off anew; whether the first one left something cannot be "
        f"looked up for this type: {cut.name}",
    )


_WORDS: Mapping[str, Text] = {
    "updating": Text("更新", "update"),
    "deleting": Text("削除", "delete"),
    "reading": Text("読み取り", "read"),
    "importing": Text("取り込み", "import"),
}


def _is_on_record(state: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    """Whether a create's end came on record after all, only not in the journal."""
    was = masked(state.get("inputs") or {}), masked(resource.get("inputs") or {})
    return not state.get("replaces") or was[0] == was[1]


def _resource(state: Mapping[str, Any]) -> dict[str, Any]:
    """A checkpoint's resource from an event's state.

    Its secrets are texts that say so: the engine could not decrypt what is none. The reading that
    follows puts the true values in their place.
    """
    kept = ("urn", "type", "parent", "provider", "protect")
    inputs = masked(state.get("inputs") or {})
    found = {key: state[key] for key in kept if state.get(key)}
    return {"custom": True, **found, "inputs": inputs}


def _adopt(resource: Mapping[str, Any], located: Located, *, delete: bool) -> dict[str, Any]:
    outputs = {**(resource.get("inputs") or {}), **located.outputs, "id": located.id}
    adopted = {**resource, "id": located.id, "outputs": outputs}
    return {**adopted, "delete": True} if delete else adopted


def _with(checkpoint: Checkpoint, adopted: list[dict[str, Any]]) -> dict[str, Any]:
    """The checkpoint's document with resources added at the end and nothing pending."""
    document = checkpoint.document
    latest = {k: v for k, v in checkpoint.deployment.items() if k != "pending_operations"}
    latest["resources"] = [*checkpoint.resources, *adopted]
    return {**document, "checkpoint": {**document["checkpoint"], "latest": latest}}
