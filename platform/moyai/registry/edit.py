"""What tenants.yaml is with a body more: comments, order and everybody else's lines stay as they are.

Nothing is written here; `moyai.operations.deploys.tenants` does that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.check_bodies import why_bad_code
from moyai.registry.codes import Listed, is_well_formed, national_list
from moyai.registry.load import load_content
from moyai.registry.models import Isolation, Kind, Registry, Tenant
from moyai.registry.problems import Problem
from moyai.registry.yaml_edit import KEY, CannotPlace, with_entry
from moyai.registry.yaml_tree import read
from moyai.texts import Text

Allocate = Callable[[Registry], IPv4Network]

_BOM = "\ufeff"


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
    """A file with a body more."""

    content: bytes
    """The whole file."""
    body: Tenant
    lines: tuple[str, ...]
    """The new lines of the file."""
    warnings: tuple[Problem, ...]
    """What the file warns of in the new body."""


def add_tenant(
    registry: Registry, before: bytes, new: NewTenant, allocate: Allocate
) -> TenantAdded:
    """Append a body to the content that `registry` was read from.

    `allocate` chooses the network of a body with network isolation. Raises `UsageError` where too
    little is known of the body, where it is there already, where its lines have no place, or where
    the file would not be valid with it.
    """
    entry = _entry(new, registry, allocate)
    name = registry.path.name
    text = before.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    try:
        after, lines = with_entry(text.removeprefix(_BOM), entry)
    except CannotPlace:
        raise _not_placed(name, entry) from None
    content = (mark + after).encode()
    loaded = load_content(registry.path, content)
    body = loaded.registry.tenant(new.code) if loaded.registry is not None else None
    if body is None:
        raise _not_valid(loaded.problems, new.code)
    _require_only_added(before, content, name, entry)
    own = f"{KEY}[{new.code}]"
    warnings = tuple(problem for problem in loaded.problems if problem.path.startswith(own))
    return TenantAdded(content, body, lines, warnings)


def _entry(new: NewTenant, registry: Registry, allocate: Allocate) -> dict[str, object]:
    if not is_well_formed(new.code):
        why = why_bad_code(new.code)
        raise UsageError(Text(f"{why.ja}。", f"{why.en}."), touched=NOTHING_TOUCHED)
    known = registry.tenant(new.code)
    if known is not None:
        raise UsageError(
            Text(
                f"{new.code} は {known.name} としてもう書かれています。",
                f"{new.code} is there already: {known.name}.",
            ),
            touched=NOTHING_TOUCHED,
        )
    listed = national_list().get(new.code)
    name, kind, slug = _known(new, listed, registry)
    entry: dict[str, object] = {"code": new.code, "slug": slug, "name": name, "kind": kind.value}
    if listed is not None and listed.population_2020 is not None:
        entry["population"] = {
            "count": listed.population_2020,
            "as_of": date(2020, 10, 1),
            "source": "国勢調査（2020年）",
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
        entry["services"] = [{"service": one, "from": _day(day)} for one, day in new.services]
    return entry


def _known(new: NewTenant, listed: Listed | None, registry: Registry) -> tuple[str, Kind, str]:
    """Name, kind and slug, as given or as the national list has them."""
    name = new.name or (listed.name if listed else None)
    kind = new.kind or (listed.likely_kind if listed else None)
    slug = new.slug or (_free_slug(listed, registry) if listed else None)
    if name is not None and kind is not None and slug is not None:
        return name, kind, slug
    missing = ", ".join(
        option
        for option, value in (("--slug", slug), ("--name", name), ("--kind", kind))
        if value is None
    )
    who = name or new.code
    raise UsageError(
        Text(
            f"{who} には {missing} が要ります。"
            + ("" if listed else "全国の一覧にないコードです（一部事務組合や広域連合など）。"),
            f"{who} needs {missing}."
            + ("" if listed else " Its code is not on the national list (a joint body?)."),
        ),
        touched=NOTHING_TOUCHED,
    )


def _free_slug(listed: Listed, registry: Registry) -> str | None:
    """The list's romaji; with the prefecture's behind it where a neighbour has that (府中市)."""
    taken = {body.slug for body in registry.tenants}
    home = next(
        one.slug
        for one in national_list().values()
        if one.kind == Kind.PREFECTURE.value and one.name == listed.prefecture
    ).removesuffix("-pref")
    proposals = (listed.slug, f"{listed.slug}-{home}")
    return next((slug for slug in proposals if slug and slug not in taken), None)


def _day(words: str) -> object:
    """A date, or the words themselves, which the check of the file will then refuse."""
    try:
        return date.fromisoformat(words)
    except ValueError:
        return words


def _not_valid(problems: Sequence[Problem], code: str) -> UsageError:
    errors = [problem for problem in problems if problem.severity == "error"]
    return UsageError(
        Text(
            f"{code} はこのままでは加えられません。\n" + _reasons(errors, "ja"),
            f"{code} cannot be added like this.\n" + _reasons(errors, "en"),
        ),
        touched=NOTHING_TOUCHED,
    )


def _reasons(errors: Sequence[Problem], lang: str) -> str:
    """Without lines and columns: they would be those of a file that was never written."""
    return "\n".join(
        f"  {one.path}: {one.message.ja if lang == 'ja' else one.message.en}" for one in errors
    )


def _require_only_added(before: bytes, after: bytes, name: str, entry: dict[str, object]) -> None:
    """The new file says what the old one said, and one body more."""
    old, new = read(before).value, read(after).value
    if not isinstance(old, dict) or not isinstance(new, dict):
        raise _not_placed(name, entry)
    if new != {**old, KEY: [*old[KEY], new[KEY][-1]]}:
        raise _not_placed(name, entry)


def _not_placed(name: str, entry: dict[str, object]) -> UsageError:
    words = ", ".join(f"{key}: {value}" for key, value in entry.items())
    return UsageError(
        Text(
            f"{name} の tenants の書き方では、自動では足せません。",
            f"the way `tenants` is written in {name} leaves no place to add to.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(f"手で足してください: {words}", f"Add it by hand: {words}"),
    )
