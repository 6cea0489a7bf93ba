"""What tenants.yaml is with one body's entry changed: comments, order and everybody else's lines stay.

Nothing is written here; `moyai.operations.deploys.tenants` does that.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.load import load_content
from moyai.registry.models import Registry, Tenant
from moyai.registry.paths import Path
from moyai.registry.problems import Problem
from moyai.registry.yaml_change import with_value, without
from moyai.registry.yaml_edit import KEY, CannotPlace
from moyai.registry.yaml_tree import UnreadableYaml, read
from moyai.texts import Text, visible

_BOM = "\ufeff"
_FIXED = ("code",)
_SERVICES = "services"
_CONTEXT_LINES = 2


@dataclass(frozen=True, slots=True)
class EntryEdit:
    """One key of a body: `lgwan`, or of a service `services.eapp-a.settings.payment`."""

    key: str
    value: str | None
    """As it would stand in the file; None: the key is taken out."""


@dataclass(frozen=True, slots=True)
class TenantChanged:
    """A file with one body's entry changed."""

    content: bytes
    """The whole file."""
    registry: Registry
    """What it says."""
    body: Tenant
    diff: tuple[str, ...]
    """Lines as of `diff -u`."""
    warnings: tuple[Problem, ...]
    """What the file warns of in the body."""


def change_tenant(
    registry: Registry, before: bytes, code: str, changes: Sequence[EntryEdit]
) -> TenantChanged:
    """Change a body's entry in the content that `registry` was read from.

    Raises `UsageError` for an unknown body, service or key, where nothing would change, where the text cannot
    be edited there, and where the file would not be valid.
    """
    name, text = registry.path.name, before.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    after = text.removeprefix(_BOM)
    wanted: Any = copy.deepcopy(read(before).value)
    for one in changes:
        path = _path(wanted, code, one)
        try:
            value = None if one.value is None else _value(one)
            after = without(after, path) if one.value is None else with_value(after, path, value)
        except CannotPlace:
            raise _not_placed(name, one) from None
        _apply(wanted, path, one, value)
        if read(after.encode()).value != wanted:
            raise _not_placed(name, one)
    content = (mark + after).encode()
    if content == before:
        raise _refused(Text("何も変わりません。", "nothing would change."))
    loaded = load_content(registry.path, content)
    body = None if loaded.registry is None else loaded.registry.tenant(code)
    if loaded.registry is None or body is None:
        raise _not_valid(loaded.problems, code)
    own = f"{KEY}[{code}]"
    warnings = tuple(one for one in loaded.problems if one.path.startswith(own))
    diff = difflib.unified_diff(
        text.splitlines(), (mark + after).splitlines(), name, name, lineterm="", n=_CONTEXT_LINES
    )
    return TenantChanged(content, loaded.registry, body, tuple(diff), warnings)


def has_changes(content: bytes, code: str, changes: Sequence[EntryEdit]) -> bool:
    """Whether a file that is valid says of a body what all the changes together make of it.

    False too where it has no such body, or no such service of it.
    """
    document: Any = read(content).value
    wanted = copy.deepcopy(document)
    try:
        for one in changes:
            path = _path(wanted, code, one)
            _apply(wanted, path, one, None if one.value is None else _value(one))
    except (UsageError, AttributeError, KeyError, TypeError):  # what it lies in is no mapping there
        return False
    return bool(wanted == document)


def _path(document: Any, code: str, change: EntryEdit) -> Path:
    """Where a key is in the file."""
    index = next((i for i, one in enumerate(document[KEY]) if one["code"] == code), None)
    if index is None:
        raise _refused(Text(f"団体 {code} はありません。", f"there is no body {code}."))
    first, *rest = change.key.split(".")
    if not first or not all(rest) or first in _FIXED:
        raise _refused(
            Text(
                f"「{visible(change.key)}」は変えられません。",
                f"'{visible(change.key)}' cannot be changed.",
            )
        )
    if first != _SERVICES or not rest:
        return (KEY, index, first, *rest)
    services = document[KEY][index].get(_SERVICES) or ()
    number = next((i for i, one in enumerate(services) if one["service"] == rest[0]), None)
    if number is None or len(rest) < 2:
        known = ", ".join(f"services.{one['service']}.…" for one in services) or "–"
        raise _refused(
            Text(
                f"「{visible(change.key)}」にあたるサービスの項目がありません。あるもの: {known}",
                f"'{visible(change.key)}' is no key of a service of the body; there are: {known}",
            )
        )
    return (KEY, index, _SERVICES, number, *rest[1:])


def _value(change: EntryEdit) -> object:
    """What is to stand there, read as the file is."""
    assert change.value is not None
    try:
        tree = read(f"value: {change.value}\n".encode())
    except UnreadableYaml:
        tree = None
    found = None if tree is None or tree.flaws else tree.value
    if not isinstance(found, dict) or list(found) != ["value"]:
        raise _refused(
            Text(
                f"「{visible(change.key)}」の値を読めません。",
                f"the value of '{visible(change.key)}' cannot be read.",
            )
        )
    value: object = found["value"]
    return value


def _apply(document: Any, path: Path, change: EntryEdit, value: object) -> None:
    """The same to plain values, to hold the text against."""
    for step in path[:-1]:
        if isinstance(document, dict) and step not in document:
            if change.value is None:
                return
            document[step] = {}
        document = document[step]
    if change.value is None:
        document.pop(path[-1], None)
    else:
        document[path[-1]] = value


def _not_valid(problems: Sequence[Problem], code: str) -> UsageError:
    errors = [one for one in problems if one.severity == "error"]
    ja = "\n".join(f"  {one.path}: {one.message.ja}" for one in errors)
    en = "\n".join(f"  {one.path}: {one.message.en}" for one in errors)
    return _refused(
        Text(
            f"{code} はこのままでは変えられません。\n{ja}",
            f"{code} cannot be changed like this.\n{en}",
        )
    )


def _not_placed(name: str, change: EntryEdit) -> UsageError:
    return UsageError(
        Text(
            f"{name} の書き方では、「{visible(change.key)}」を自動では変えられません。",
            f"the way {name} is written, '{visible(change.key)}' cannot be changed automatically.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text("手で変えてください。", "Change it by hand."),
    )


def _refused(what: Text) -> UsageError:
    return UsageError(what, touched=NOTHING_TOUCHED)
