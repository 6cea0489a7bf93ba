"""The state that an update's journal entries make of the state before it; pure.

While it runs, Pulumi's engine tells its backend each step in two entries, one before the step's
effect and one after it, and the backend puts them together (`apitype.JournalEntry`, version 1).
The rules are those of `backend.JournalReplayer` of the pinned engine; `tests/sandbox/engine` holds
them against what the engine itself writes into a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

State = dict[str, Any]
"""A resource as checkpoints have it (`apitype.ResourceV3`); secrets in it are ciphertexts."""


class Kind(IntEnum):
    """`apitype.JournalEntryKind`."""

    BEGIN = 0
    SUCCESS = 1
    FAILURE = 2
    REFRESH_SUCCESS = 3
    OUTPUTS = 4
    WRITE = 5
    SECRETS_MANAGER = 6
    REBUILT_BASE_STATE = 7
    EXTENSION_PARAMETERIZE = 8
    SNIPPETS = 9


class UnknownEntryError(ValueError):
    """An entry of a kind or version that these rules do not know."""


class Replay:
    """A deployment (`apitype.DeploymentV3`) and the entries that came after it."""

    def __init__(self, base: Mapping[str, Any], engine_version: str) -> None:
        """`base` is not changed; empty for a new stack. `engine_version`: as in `v3.259.0`."""
        self._version = engine_version
        self._base: Mapping[str, Any] = base
        self._byte_strings = False
        self._seen: set[int] = set()
        self._forget()

    def _forget(self) -> None:
        self._new: list[State] = []
        self._made_by: dict[int, int] = {}  # operation → place in _new
        self._removed_new: set[int] = set()  # places in _new
        self._removed: set[int] = set()  # places in the base, as all below
        self._replaced: dict[int, State] = {}
        self._deleted: set[int] = set()
        self._pending_replacement: set[int] = set()
        self._begun: dict[int, Mapping[str, Any]] = {}  # operation → entry
        self._extensions: dict[str, Any] = {}
        self._refreshed = False

    def add(self, entry: Mapping[str, Any]) -> None:
        """Take the next entry; one that was taken already is left out. Raises `UnknownEntryError`.

        An entry is sent again where its answer was lost.
        """
        if entry["sequenceID"] in self._seen:
            return
        if entry["version"] != 1 or entry["kind"] not in list(Kind):
            raise UnknownEntryError(f"version {entry['version']}, kind {entry['kind']}")
        self._seen.add(entry["sequenceID"])
        self._byte_strings |= bool(entry.get("requiresByteString"))
        kind = Kind(entry["kind"])
        if kind is Kind.BEGIN:
            self._begun[entry["operationID"]] = entry
        elif kind in (Kind.SUCCESS, Kind.REFRESH_SUCCESS, Kind.FAILURE):
            self._begun.pop(entry["operationID"], None)
            self._refreshed |= bool(entry.get("isRefresh")) or kind is Kind.REFRESH_SUCCESS
            if kind is Kind.SUCCESS:
                self._end(entry)
            elif kind is Kind.REFRESH_SUCCESS:
                self._put(entry, entry.get("state"))
        elif kind is Kind.OUTPUTS:
            if entry.get("state") is not None:
                self._put(entry, entry["state"])
        elif kind is Kind.EXTENSION_PARAMETERIZE:
            self._extensions[entry["extensionRef"]] = entry["extension"]
        else:
            self._rebase(kind, entry)

    def deployment(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The deployment as of now, and the names of schema features that it needs."""
        resources = [dict(s) for i, s in enumerate(self._new) if i not in self._removed_new]
        for i, state in enumerate(self._base.get("resources") or ()):
            if i in self._removed:
                continue
            kept = dict(self._replaced.get(i, state))
            if i in self._pending_replacement and i not in self._replaced:
                kept["pendingReplacement"] = True
            if i in self._deleted and i not in self._replaced:
                kept["delete"] = True
            resources.append(kept)
        operations = [e["operation"] for e in self._begun.values() if e.get("operation")]
        operations += [
            # The engine leaves it to a person what became of these; so they stay.
            operation
            for operation in self._base.get("pending_operations") or ()
            if operation["type"] == "creating"
        ]
        features = _features(resources, operations, byte_strings=self._byte_strings)
        if self._refreshed:
            _mend_references(resources)
        made = {k: v for k, v in self._base.items() if k not in _MADE_ANEW}
        made = {"manifest": self._manifest(), **made, "resources": _normalised(resources)}
        made["metadata"] = {}
        if operations:
            made["pending_operations"] = operations
        extensions = {**self._extensions, **(self._base.get("extensions") or {})}
        if extensions:
            made["extensions"] = extensions
        if made.get("snippets"):
            features.add("snippets-prototype")
        return made, tuple(sorted(features))

    def _end(self, entry: Mapping[str, Any]) -> None:
        """A step came to a good end."""
        if entry.get("state") is not None:
            self._made_by[entry["operationID"]] = len(self._new)
            self._new.append(dict(entry["state"]))
        if entry.get("removeOld") is not None:
            self._removed.add(entry["removeOld"])
        if entry.get("removeNew") is not None:
            self._removed_new.add(self._made_by[entry["removeNew"]])
        if entry.get("deleteOld") is not None:
            self._deleted.add(entry["deleteOld"])
        if entry.get("deleteNew") is not None:
            self._new[self._made_by[entry["deleteNew"]]]["delete"] = True
        if entry.get("pendingReplacementOld") is not None:
            self._pending_replacement.add(entry["pendingReplacementOld"])
        if entry.get("pendingReplacementNew") is not None:
            self._new[self._made_by[entry["pendingReplacementNew"]]]["pendingReplacement"] = True

    def _put(self, entry: Mapping[str, Any], state: State | None) -> None:
        """Put a state in an older one's place, or take the older one away."""
        old, new = entry.get("removeOld"), entry.get("removeNew")
        if old is not None:
            if state is None:
                self._removed.add(old)
            else:
                self._replaced[old] = state
        if new is not None:
            if state is None:
                self._removed_new.add(self._made_by[new])
            else:
                self._new[self._made_by[new]] = dict(state)

    def _rebase(self, kind: Kind, entry: Mapping[str, Any]) -> None:
        if kind is Kind.WRITE:
            self._base = entry["newSnapshot"]
        elif kind is Kind.SECRETS_MANAGER:
            self._base = {**self._base, "secrets_providers": entry["secretsProvider"]}
        elif kind is Kind.SNIPPETS:
            self._base = {**self._base, "snippets": entry.get("snippets")}
        else:
            self._base, _ = self.deployment()
            self._forget()

    def _manifest(self) -> dict[str, str]:
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        magic = hashlib.sha256(self._version.encode()).hexdigest()
        return {"time": moment, "magic": magic, "version": self._version}


_MADE_ANEW = frozenset({"manifest", "resources", "pending_operations", "extensions", "metadata"})

_FEATURES: Mapping[str, str] = {
    "refreshBeforeUpdate": "refreshBeforeUpdate",
    "viewOf": "views",
    "resourceHooks": "hooks",
    "taint": "taint",
    "replaceWith": "replaceWith",
    "extensionRef": "extensionParameterization",
    "snippetID": "snippets-prototype",
}
"""Field of a resource → feature that a reader must know where it is set."""


def _features(
    resources: Iterable[State], operations: Iterable[Mapping[str, Any]], *, byte_strings: bool
) -> set[str]:
    states = [*resources, *(operation["resource"] for operation in operations)]
    found = {name for state in states for field, name in _FEATURES.items() if state.get(field)}
    return found | ({"byteString"} if byte_strings and states else set())


def _mend_references(resources: list[State]) -> None:
    """Drop references to what a refresh found gone; children go to their grandparents."""
    known: set[str] = set()
    parents: dict[str, str] = {}
    for state in resources:
        if state.get("dependencies"):
            state["dependencies"] = [d for d in state["dependencies"] if d in known]
        if state.get("propertyDependencies"):
            left = {
                key: [d for d in urns or () if d in known]
                for key, urns in state["propertyDependencies"].items()
            }
            state["propertyDependencies"] = {key: urns for key, urns in left.items() if urns}
            if not state["propertyDependencies"]:
                del state["propertyDependencies"]
        if state.get("replaceWith"):
            state["replaceWith"] = [r for r in state["replaceWith"] if r in known]
        if state.get("deletedWith") not in known:
            state.pop("deletedWith", None)
        known.add(state["urn"])
    for state in resources:
        parent = state.get("parent", "")
        if parent and parent not in known:
            parent = parents.get(parent, "")
            if parent:
                state["parent"] = parent
            else:
                state.pop("parent")
        parents[state["urn"]] = parent


def _normalised(resources: list[State]) -> list[State]:
    """Resources that refer to each other by their present names, and have no aliases any more."""
    now: dict[str, str] = {}
    for state in resources:
        now.update(dict.fromkeys(state.get("aliases") or (), state["urn"]))
        parent = now.get(state.get("parent", ""))
        if parent is not None and _qualified_type(parent) != "pulumi:pulumi:Stack":
            head, project, kind, name = state["urn"].split("::", 3)
            kind = f"{_qualified_type(parent)}${kind.rsplit('$', 1)[-1]}"
            now[state["urn"]] = "::".join((head, project, kind, name))
    if now:
        for state in resources:
            _rename(state, now)
    return resources


def _rename(state: State, now: Mapping[str, str]) -> None:
    for field in ("urn", "parent", "deletedWith", "viewOf"):
        if state.get(field):
            state[field] = now.get(state[field], state[field])
    if state.get("provider"):
        urn, _, number = state["provider"].rpartition("::")
        state["provider"] = f"{now.get(urn, urn)}::{number}"
    if state.get("dependencies"):
        state["dependencies"] = [now.get(d, d) for d in state["dependencies"]]
    if state.get("propertyDependencies"):
        state["propertyDependencies"] = {
            key: [now.get(d, d) for d in urns or ()]
            for key, urns in state["propertyDependencies"].items()
        }
    state.pop("aliases", None)


def _qualified_type(urn: str) -> str:
    return urn.split("::", 3)[2]
