"""Whether the files that were imported are still kept as they came: what an auditor would ask for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from moyai.costs.ledger.manifest import Manifest, source_key
from moyai.costs.periods import Period
from moyai.operations.costs.periods import open_costs


@dataclass(frozen=True, slots=True)
class LostSource:
    """A kept file that is missing, or is not what its hash says."""

    key: str
    """Where the ledger has it, `sources/<sha256>`."""
    names: tuple[str, ...]
    """As the ledger calls it."""
    periods: tuple[Period, ...]
    """That it has rows of."""


@dataclass(frozen=True, slots=True)
class KeptSources:
    """The kept files of all versions on record, each looked at once."""

    count: int
    lost: tuple[LostSource, ...]
    """By period and name."""


def kept_sources(file: Path | None, site: str) -> KeptSources:
    """Look at all of them. Raises `OperationFailed` where the disk or the bucket fails."""
    opened = open_costs(file, site)
    kept = _kept(opened.manifest)
    lost = [one for sha256, one in kept.items() if not opened.ledger.store.holds(one.key, sha256)]
    return KeptSources(len(kept), tuple(sorted(lost, key=lambda one: (one.periods, one.names))))


def _kept(manifest: Manifest) -> dict[str, LostSource]:
    """By hash, each of them as it would be lost."""
    names: dict[str, set[str]] = defaultdict(set)
    periods: dict[str, set[Period]] = defaultdict(set)
    for period, part in manifest.periods.items():
        for name, versions in part.sources.items():
            for version in versions:
                names[version.source].add(name)
                periods[version.source].add(period)
    return {
        sha256: LostSource(
            source_key(sha256), tuple(sorted(names[sha256])), tuple(sorted(periods[sha256]))
        )
        for sha256 in names
    }
