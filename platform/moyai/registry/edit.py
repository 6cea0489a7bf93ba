"""Adding a body to tenants.yaml: comments, order and everybody else's lines stay as they are."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from moyai.errors import UsageError
from moyai.registry.codes import Listed, national_list
from moyai.registry.load import load_content
from moyai.registry.models import Isolation, Kind, Registry
from moyai.registry.problems import RegistryError
from moyai.texts import Text

Allocate = Callable[[Registry], IPv4Network]


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What is known of a body to add. The code alone suffices for one on the national list."""

    code: str
    slug: str | None = None
    name: str | None = None
    kind: Kind | None = None
    isolation: Isolation | None = None
    lgwan: tuple[str, ...] = ()
    services: tuple[tuple[str, str], ...] = ()
    """(Service, first day)."""
    email: str | None = None


@dataclass(frozen=True, slots=True)
class TenantAdded:
    """What was written."""

    path: Path
    lines: tuple[str, ...]
    """The new lines of the file."""


def add_tenant(path: Path, new: NewTenant, registry: Registry, allocate: Allocate) -> TenantAdded:
    """Append a body and replace the file at once; nothing is written where the result is not valid.

    `allocate` chooses the network of a body with network isolation. Raises `UsageError` where too
    little is known of the body, `RegistryError` where the file would not be valid with it.
    """
    entry = _entry(new, registry, allocate)
    before = path.read_text(encoding="utf-8")
    after = _appended(before, entry)
    loaded = load_content(path, after.encode())
    if loaded.registry is None:
        raise RegistryError(loaded.problems)
    _replace(path, after)
    known = len(before.splitlines())
    return TenantAdded(path, tuple(after.splitlines()[known:]))


def _entry(new: NewTenant, registry: Registry, allocate: Allocate) -> dict[str, Any]:
    listed = national_list().get(new.code)
    slug = new.slug or (listed.slug if listed else "")
    name = new.name or (listed.name if listed else "")
    kind = new.kind or (listed.likely_kind if listed else None)
    missing = [
        option
        for option, value in (("--slug", slug), ("--name", name), ("--kind", kind))
        if not value
    ]
    if missing or kind is None:
        raise UsageError(
            Text(
                f"{new.code}（{name or '一覧にない団体'}）には {', '.join(missing)} が要ります。",
                f"{new.code} ({name or 'not on the national list'}) needs {', '.join(missing)}.",
            ),
            touched=Text("何も変更していません。", "Nothing was touched."),
        )
    entry: dict[str, Any] = {
        "code": DoubleQuotedScalarString(new.code),
        "slug": slug,
        "name": name,
        "kind": kind.value,
        **_population(listed),
    }
    if new.email:
        entry["contacts"] = [{"section": "情報政策担当課", "email": new.email}]
    if new.isolation is not None:
        entry["isolation"] = new.isolation.value
        if new.isolation is Isolation.NETWORK:
            entry["cidr"] = str(allocate(registry))
    if new.lgwan:
        entry["lgwan"] = list(new.lgwan)
    if new.services:
        entry["services"] = [{"service": one, "from": day} for one, day in new.services]
    return entry


def _population(listed: Listed | None) -> dict[str, Any]:
    if listed is None or listed.population_2020 is None:
        return {}
    return {
        "population": {
            "count": listed.population_2020,
            "as_of": "2020-10-01",
            "source": "国勢調査（2020年）",
        }
    }


def _appended(before: str, entry: dict[str, Any]) -> str:
    """The text with the entry as the last item of `tenants`; every other line is kept to the letter.

    ruamel writes the new item; where `tenants` is not the file's last key, ruamel writes the whole
    file, which keeps comments and order but may move spaces.
    """
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(before)
    tenants = document["tenants"]
    if list(document)[-1] == "tenants" and tenants and not tenants.fa.flow_style():
        item = io.StringIO()
        yaml.dump({"tenants": [_plain_dates(entry)]}, item)
        lines = item.getvalue().splitlines()[1:]
        ending = "" if before.endswith("\n") else "\n"
        return before + ending + "\n".join(lines) + "\n"
    tenants.append(_plain_dates(entry))
    page = io.StringIO()
    yaml.dump(document, page)
    return page.getvalue()


def _plain_dates(entry: dict[str, Any]) -> dict[str, Any]:
    """Dates as YAML writes them, without quotes."""
    return {key: _unquoted(value) for key, value in entry.items()}


def _unquoted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unquoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unquoted(item) for item in value]
    if isinstance(value, str) and len(value) == 10 and value[4:8:3] == "--":
        return date.fromisoformat(value)
    return value


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.new")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(path.stat().st_mode & 0o777)
    partial.replace(path)
