"""Fees of months without costs, which nobody is asked for: told beside the next month."""

from __future__ import annotations

from collections.abc import Iterator

from moyai.costs.fees import FeeDue, fees_missed
from moyai.costs.ledger.manifest import Manifest
from moyai.costs.periods import Period
from moyai.operations.costs.findings import Finding
from moyai.registry.models import Registry
from moyai.texts import Text


def fee_findings(registry: Registry, manifest: Manifest, period: Period) -> Iterator[Finding]:
    """Fees of the months without a record right before a period, each at its place in the file."""
    for one in _missed(registry, manifest, period):
        yield (*one.pool.path, one.fee.value), _words(one)


def fee_notes(registry: Registry, manifest: Manifest, period: Period) -> Iterator[Text]:
    """The same for whoever reads the allocation; of a closed period nothing, as it stays what it is."""
    if manifest.part(period).closed is None:
        yield from (_words(one) for one in _missed(registry, manifest, period))


def _missed(registry: Registry, manifest: Manifest, period: Period) -> Iterator[FeeDue]:
    on_record = [
        one
        for one, part in manifest.periods.items()
        if part.closed is not None or part.current(one).sources
    ]
    return fees_missed(registry, period, on_record)


def _words(one: FeeDue) -> Text:
    return Text(
        f"{one.period} の費用の登録がないため、{one.words.ja}はどの月にも請求されません。"
        f"{one.period} に 0 円の行を取り込めば、その月に請求できます（moyai cost template）",
        f"nothing is on record of {one.period}, so no month asks for {one.words.en}; a row of ¥0 that is "
        f"imported for {one.period} lets that month ask for it (moyai cost template)",
    )
