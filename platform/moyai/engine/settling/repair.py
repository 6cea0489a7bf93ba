"""What a killed run left unsettled, and how the next run settles it by reading what is live.

Two traces tell of a create that may have happened without being on record: a pending operation in
the checkpoint (the engine was killed), and an entry in the stack's log of creates (the engine lived on,
but its plugin, the site or this machine's worker did not, and the engine holds such a create for
failed). Each is put into the checkpoint as a resource with the id that it must have if it exists;
the next update reads everything that is live first, which keeps it where it is there, with its
true values, and drops it where it is not. Updates, deletes and reads that were cut off need
nothing but that reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from moyai.engine.settling.located import Locate, Located, identity
from moyai.engine.stacks import Step
from moyai.engine.state.checkpoint import Checkpoint, masked, name_of
from moyai.texts import Text

_PROVIDERS = "pulumi:providers:"
"""The types of providers: they are of the state only, and leave nothing anywhere."""
_REVISIONS = frozenset({"aws:ecs/taskDefinition:TaskDefinition"})
"""Types of immutable revisions without any state, of which one is as good as another of the same content: a
new one that may be there takes the old one's place at once, whichever of them the next update wants. Of
other types that would condemn what is in use."""


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
    """How to settle what is open, given the checkpoint and the creates of earlier runs."""
    suspects = {
        op["resource"]["urn"]: op["resource"]
        for op in checkpoint.pending
        if op["type"] == "creating"
    }
    pending = set(suspects)
    for urn, state in unsettled.items():
        suspects.setdefault(urn, _resource(state))
    known = {(r["urn"], _identity(r)) for r in checkpoint.resources}
    present = {r["urn"]: r for r in checkpoint.resources if not r.get("delete")}
    references = {f"{r['urn']}::{r.get('id')}" for r in checkpoint.resources}
    adopted: list[dict[str, Any]] = []
    revised: dict[str, dict[str, Any]] = {}
    cuts: list[Cut] = []
    for urn, resource in suspects.items():
        if urn in present and urn not in pending and _is_on_record(unsettled[urn], present[urn]):
            continue
        located = locate(resource["type"], resource.get("inputs") or {})
        if (urn, located.identity(resource["type"])) in known:
            continue  # it was to replace one of the same id, and had not begun
        cuts.append(Cut("creating", urn, resource["type"], located))
        if located.id is None or resource.get("provider") not in references:
            continue
        if urn in present and resource["type"] in _REVISIONS:
            revised[urn] = _adopt(resource, located, delete=False)
        else:
            # Beside the resource that it was to replace, it can only be taken away again.
            adopted.append(_adopt(resource, located, delete=urn in present))
    cuts += [
        Cut(op["type"], op["resource"]["urn"], op["resource"]["type"])
        for op in checkpoint.pending
        if op["type"] != "creating"
    ]
    if not checkpoint.pending and not adopted and not revised:
        return Repair(None, tuple(cuts))
    return Repair(_with(checkpoint, adopted, revised), tuple(cuts))


def without_pending(checkpoint: Checkpoint) -> dict[str, Any]:
    """The checkpoint as it was before a repair, but without its pending operations.

    For a provider that answers a read of what may not exist with an error: the creates in question
    are then tried anew.
    """
    return _with(checkpoint, [])


def tell_cuts(
    cuts: tuple[Cut, ...], after: Checkpoint | None, made: Iterable[Step]
) -> tuple[Text, ...]:
    """What became of each operation that was cut off, once the next update ended well.

    `made` are that update's steps: what it made cannot have been there.
    """
    there = {(r["urn"], _identity(r)) for r in after.resources} if after else set()
    anew = {(step.type, step.name) for step in made if step.op == "create"}
    return tuple(
        _tell(
            cut,
            (cut.urn, cut.located.identity(cut.type)) in there
            and (cut.type, name_of(cut.urn)) not in anew,
        )
        for cut in cuts
        if not cut.type.startswith(_PROVIDERS)
    )


def unrelated_drift(drift: Iterable[Step], cuts: tuple[Cut, ...]) -> list[Step]:
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


def _identity(resource: Mapping[str, Any]) -> str | None:
    id_ = resource.get("id")
    return None if id_ is None else identity(resource["type"], id_, resource.get("outputs"))


def _is_on_record(state: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    """Whether a create's end came on record after all, only not in the log."""
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


def _with(
    checkpoint: Checkpoint,
    adopted: Iterable[Mapping[str, Any]],
    revised: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> dict[str, Any]:
    """The checkpoint's document with resources added at the end, revisions (by URN) in the place of those
    before them, which are to be taken away, and nothing pending."""
    document = checkpoint.document
    latest = {k: v for k, v in checkpoint.deployment.items() if k != "pending_operations"}
    latest["resources"] = [*_revised(checkpoint.resources, revised), *adopted]
    return {**document, "checkpoint": {**document["checkpoint"], "latest": latest}}


def _revised(
    resources: Iterable[Mapping[str, Any]], revised: Mapping[str, Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """Dependencies stand before their dependents: what the new one needs stood before the old one already."""
    for one in resources:
        if one["urn"] in revised and not one.get("delete"):
            yield revised[one["urn"]]
            yield {**one, "delete": True}
        else:
            yield one
