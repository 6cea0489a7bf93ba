"""What all would bear had bodies joined a service: for those who decide. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from moyai.costs.analysis.compare import Changes, compare
from moyai.costs.analysis.joining import is_in, joined, pools_naming, pools_of
from moyai.costs.apportion.allocation import LineKind, PayerKind
from moyai.costs.periods import Period, period_of
from moyai.costs.reckoned import Reckoned
from moyai.costs.rules_of_file import sharing_of
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.costs.periods import Opened, open_costs, reckoned
from moyai.planning.selectors import only
from moyai.registry.cost_rules import Pool
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Repriced:
    """A period as it is, and as it would be had bodies been in a service from its first day."""

    period: Period
    service: str
    joining: tuple[str, ...]
    """Codes."""
    changes: Changes
    fees: Mapping[str, int]
    """Code → joining fee, yen before tax, within what it bears."""
    names: Mapping[str, str]
    is_taxed: bool
    """Whether there is tax beside net amounts: then the changes are with it."""
    notes: tuple[Text, ...]
    """Why joining may change less than one expects."""


def reprice(file: Path | None, site: str, period: str, joining: str, service: str) -> Repriced:
    """What all would bear had bodies (codes or slugs, with commas) been in a service from the period's
    first day. Raises as `allocation`, and `UsageError` for an unknown service, one that they use, or one
    that no rule uses."""
    opened = open_costs(file, site)
    registry = opened.workspace.registry
    when = period_of(period)
    if service not in registry.services:
        known = ", ".join(registry.services)
        raise _refused(
            f"サービス「{service}」はありません。あるもの: {known}",
            f"there is no service '{service}'; there are: {known}",
        )
    bodies = [only(registry, key.strip()) for key in joining.split(",")]
    for body in bodies:
        if is_in(body, service, when.first):
            raise _refused(
                f"{body.name}（{body.code}）は {when.first} に {service} を使っています。",
                f"{body.name} ({body.code}) uses {service} on {when.first} already.",
            )
    codes = tuple(sorted({body.code for body in bodies}))
    made = reckoned(opened, when)
    rules = made.inputs.rules
    if not pools_of(rules, service) and not pools_naming(rules, service):
        there = _where_pools_are(opened, service)
        raise _refused(
            f"{when} の規則に {service} を使う費用区分がないため、加わっても何も変わりません。{there.ja}",
            f"no pool of the rules of {when} is of {service} or names its users: "
            f"joining it changes nothing.{there.en}",
        )
    reckoner = opened.reckoner()
    who = reckoner.members(made, joined(registry, codes, service, when.first))
    # Of a closed month too the bodies are today's on either side: only the joining differs.
    now = reckoner.members(made, registry)
    before, after = (reckoner.otherwise(made, members=one) for one in (now, who))
    changes = compare(before.sums, after.sums)
    names = {body.code: body.name for body in registry.tenants} | dict(made.inputs.names)
    is_taxed = before.is_taxed or after.is_taxed
    return Repriced(
        when,
        service,
        codes,
        changes,
        _fees(after, codes),
        names,
        is_taxed,
        _notes(opened, after, service),
    )


def _notes(opened: Opened, made: Reckoned, service: str) -> tuple[Text, ...]:
    """Where no pool of the month's rules is of a service, or those that are cost nothing in it."""
    when, rules = made.basis.period, made.inputs.rules
    own = pools_of(rules, service)
    if not own:
        ja, en = _titles(pools_naming(rules, service))
        there = _where_pools_are(opened, service)
        return (
            Text(
                f"{when} の規則（{rules.name}）に {service} の費用区分はありません。加わって変わりうるのは、"
                f"その利用を条件とする区分だけです（{ja}）。{there.ja}",
                f"no pool of the rules of {when} ({rules.name}) is of {service}; joining it can change only "
                f"those that ask for its users: {en}.{there.en}",
            ),
        )
    shared = {account.name: account.shared for account in made.allocation.pools}
    if any(shared[pool.name] for pool in own):
        return ()
    ja, en = _titles(own)
    return (
        Text(
            f"{service} の費用区分（{ja}）に、{when} に分ける費用はありません。",
            f"pools of {service} ({en}) have no cost to share in {when}.",
        ),
    )


def _where_pools_are(opened: Opened, service: str) -> Text:
    """Which rule sets have a pool of a service; nothing where none does."""
    sharing = sharing_of(opened.workspace.registry)
    names = [rules.name for rules in sharing.all_rules if pools_of(rules, service)]
    if not names:
        return Text("", "")
    ja, en = "、".join(f"「{name}」" for name in names), ", ".join(names)
    return Text(f"{ja}にはあります。", f" There is one by {en}.")


def _titles(pools: Sequence[Pool]) -> tuple[str, str]:
    titles = [pool.title for pool in pools]
    return "、".join(titles), ", ".join(titles)


def _fees(made: Reckoned, codes: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in made.allocation.borne:
        if one.payer.kind is PayerKind.BODY and one.payer.name in codes:
            fee = sum(line.jpy for line in one.lines if line.kind is LineKind.JOINING_FEE)
            found[one.payer.name] = found.get(one.payer.name, 0) + fee
    return {code: fee for code, fee in found.items() if fee}


def _refused(ja: str, en: str) -> UsageError:
    return UsageError(Text(ja, en), touched=NOTHING_TOUCHED)
