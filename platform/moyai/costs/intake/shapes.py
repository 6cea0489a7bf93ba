"""What a file's columns mean: from its own columns to those of FOCUS, which rules look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from moyai.costs.duck import literal
from moyai.costs.intake.staging import Staged
from moyai.registry.cost_numbers import NUMBER_COLUMNS

COSTS = NUMBER_COLUMNS
"""Columns that are decimals in the ledger; the others are texts."""
MOMENTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
NEEDED = ("BilledCost", "BillingCurrency", "BillingPeriodStart")
"""Columns that each row must have a value in."""
TAGS = "Tags"
_MOST_TAG_COLUMNS = 32
LINE = "x_SourceLine"
TAX_RATE = "x_TaxRate"
"""Percent; of rows that come by the template."""
BODY_CODE = "x_BodyCode"
"""The body that a row by the template is of, as it is written there."""
TEMPLATE = "template"
"""The format of files by the template."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """A column of which every row has one of certain values."""

    named: str
    """As the file calls it."""
    text: str
    """SQL of its text."""
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a file become rows of the ledger."""

    format: str
    columns: Mapping[str, str]
    """Column of the ledger → SQL of its text."""
    named: Mapping[str, str] = field(default_factory=dict)
    """Column of the ledger → as the file calls it, where that differs."""
    tags_json: str | None = None
    """SQL of the tags as a JSON text."""
    tags_map: str | None = None
    """SQL of the tags as `MAP(VARCHAR, VARCHAR)`."""
    floats: tuple[str, ...] = ()
    """Cost columns that are floating point in the file."""
    currencies: Mapping[str, str] = field(default_factory=dict)
    """Columns besides `BillingCurrency` that have currencies, as the file calls them → SQL of their texts."""
    kinds: Kinds | None = None
    """What says of each row what kind of charge it is, where that is one of a provider's list."""


def doubled(staged: Staged) -> str | None:
    """A column of FOCUS, or of one tag, that the file has twice, in two spellings: the later one."""
    seen: set[str] = set()
    for name in staged.columns:
        key = _known_as(name)
        if key in seen:
            return name
        if key is not None:
            seen.add(key)
    return None


def focus_shape(staged: Staged) -> Shape | None:
    """FOCUS 1.0 to 1.4, or None where the needed columns are not all there."""
    found = {_known_as(name) or name: name for name in staged.columns}
    if not all(name in found for name in NEEDED):
        return None
    tags = found.get(TAGS)
    flat = [name for name in found if tags is None and is_tag(name)]
    columns = {
        name: staged.columns[own]
        for name, own in found.items()
        if name != TAGS and name not in flat
    }
    is_map = tags is not None and staged.types.get(tags) == "MAP(VARCHAR, VARCHAR)"
    return Shape(
        "FOCUS",
        columns,
        {name: own for name, own in found.items() if name != own},
        None if tags is None or is_map else staged.columns[tags],
        staged.raw[tags]
        if tags is not None and is_map
        else tags_of({name.removeprefix(f"{TAGS}."): staged.columns[found[name]] for name in flat}),
        floats_of(staged, {name: found[name] for name in COSTS if name in found}),
    )


def tags_of(columns: Mapping[str, str]) -> str | None:
    """SQL of a map of the tags that have a value, where each key has a column (key → SQL of its text);
    None without any."""
    if not columns:
        return None
    entries = ", ".join(f"{{'k': {literal(key)}, 'v': {sql}}}" for key, sql in columns.items())
    return f"map_from_entries(list_filter([{entries}], lambda e: e.v IS NOT NULL))"


def beside_tags(shape: Shape) -> str | None:
    """A column that is called as a tag is, in a file that has its tags elsewhere."""
    return next((name for name in shape.columns if is_tag(name)), None)


def is_tag(name: str) -> bool:
    """Whether a column is called as a tag's is. `tags.KEY` is: SQL would take it for the column of that tag."""
    return name.lower().startswith(f"{TAGS.lower()}.")


def _known_as(name: str) -> str | None:
    """How FOCUS writes a column, or Moyai one of a tag, of which only the key is told apart by its case."""
    if is_tag(name):
        return f"{TAGS}.{name[len(TAGS) + 1 :]}"
    return _FOCUS.get(name.lower())


def floats_of(staged: Staged, costs: Mapping[str, str]) -> tuple[str, ...]:
    """The cost columns, as the file calls them, that are floating point."""
    return tuple(own for own in costs.values() if staged.types.get(own) in ("DOUBLE", "FLOAT"))


_FOCUS = {
    name.lower(): name
    for name in (
        *COSTS,
        *MOMENTS,
        TAGS,
        "BillingAccountId",
        "BillingCurrency",
        "ChargeCategory",
        "ChargeClass",
        "ChargeDescription",
        "InvoiceId",
        "InvoiceIssuerName",
        "ProviderName",
        "PublisherName",
        "RegionId",
        "ResourceId",
        "ServiceCategory",
        "ServiceName",
        "SkuId",
        "SubAccountId",
        "SubAccountName",
    )
}
"""In lower case → as FOCUS writes it; some databases export names in one case."""


def tag_columns(keys: Iterable[str]) -> tuple[str, ...]:
    """Keys of tags that have a column `Tags.KEY` of their own beside the map, which is slow to look into: the
    first ones in order, of those that differ in case only the first."""
    found: dict[str, str] = {}
    for key in sorted(keys):
        found.setdefault(key.lower(), key)
    return tuple(found.values())[:_MOST_TAG_COLUMNS]
