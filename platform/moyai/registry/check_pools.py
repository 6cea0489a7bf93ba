"""Checks of the pools of one rule set: percents, limits, members, and how pools flow into one another."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from moyai.registry.check_bodies import doubled
from moyai.registry.circles import circle
from moyai.registry.cost_file import PoolFile, ShareFile, SubsidyFile
from moyai.registry.cost_names import NameChecks, said
from moyai.registry.cost_rules import ShareBy, SubsidyWhen, WhenZero
from moyai.registry.paths import Path
from moyai.registry.problems import Reporter
from moyai.registry.selector_words import Vocabulary, why_unreadable
from moyai.registry.words import not_known, one_line
from moyai.texts import Text

_WHOLE = Fraction(100)
_BELONGS_TO = {
    "power": ShareBy.POPULATION,
    "driver": ShareBy.USAGE,
    "percents": ShareBy.PERCENT,
}
"""Key of a share → the only kind of share that has it."""
_NEEDED = ("driver", "percents")


class PoolChecks:
    """Checks of all pools of a rule set, which stand at `path`."""

    def __init__(
        self,
        path: Path,
        pools: Sequence[PoolFile],
        names: NameChecks,
        known: Vocabulary,
        reporter: Reporter,
        unit: int | None,
    ) -> None:
        """`unit`: yen to which shares are rounded; None where the file's is no good."""
        self._path = path
        self._pools = pools
        self._unit = unit
        self._names = names
        self._known = known
        self._reporter = reporter

    def run(self) -> None:
        """Report everything."""
        receiving = {flow.pool for pool in self._pools for flow in pool.flows_into}
        for i, pool in enumerate(self._pools):
            path: Path = (*self._path, i)
            self._names.service(pool.service, (*path, "service"))
            self._selector(pool.members, (*path, "members"))
            self._names.bodies(pool.fixed, (*path, "fixed"))
            self._limits(path, pool)
            self._whole_units(path, pool)
            self._shares(path, pool)
            self._fixed_and_percents(path, pool)
            self._subsidies(path, pool)
            self._flows(path, pool)
            if pool.where is None and pool.name not in receiving:
                self._idle(path)
        self._circle()

    def _selector(self, text: str, path: Path) -> None:
        reason = why_unreadable(text, self._known)
        if reason is not None:
            self._reporter.error(path, reason)

    def _idle(self, path: Path) -> None:
        where: Path = (*path, "where")
        if self._reporter.is_muted_below(where) or self._reporter.is_muted_below(self._path):
            return  # what is wrong may be what it would catch, or a flow into it
        self._reporter.error(
            path,
            Text(
                "where がなく、ほかの区分からも移ってきません（残りすべてなら where: {}）",
                "it has no `where` and nothing flows into it; where: {} is all that is left",
            ),
        )

    def _limits(self, path: Path, pool: PoolFile) -> None:
        if pool.maximum is None or self._reporter.is_muted((*path, "maximum")):
            return
        for key, yen in (("minimum", pool.minimum or 0), ("base_fee", pool.base_fee)):
            if yen > pool.maximum and not self._reporter.is_muted((*path, key)):
                self._reporter.error(
                    (*path, key),
                    Text(
                        f"maximum（{pool.maximum:,} 円）を超えています（{yen:,} 円）",
                        f"it is above `maximum`: ¥{yen:,} of ¥{pool.maximum:,}",
                    ),
                )

    def _whole_units(self, path: Path, pool: PoolFile) -> None:
        """A share within limits stays so when it is rounded, if the limits are rounded themselves."""
        for key, yen in (("minimum", pool.minimum), ("maximum", pool.maximum)):
            if yen is None or self._unit is None or self._reporter.is_muted((*path, key)):
                continue
            if yen % self._unit:
                self._reporter.error(
                    (*path, key),
                    Text(
                        f"負担額は {self._unit:,} 円単位に端数処理するので、{yen:,} 円は守れません"
                        "（単位の倍数を書いてください）",
                        f"shares are rounded to ¥{self._unit:,}, so ¥{yen:,} cannot be held:"
                        " write a multiple of the unit",
                    ),
                )

    def _shares(self, path: Path, pool: PoolFile) -> None:
        at: Path = (*path, "shares")
        for i, share in enumerate(pool.shares):
            self._share((*at, i), share, alone=len(pool.shares) == 1)
        if self._reporter.is_muted_below(at) or self._reporter.is_muted_below(
            (*path, "flows_into")
        ):
            return
        total = sum((share.percent for share in pool.shares), Fraction())
        flowing = sum((flow.percent for flow in pool.flows_into), Fraction())
        if not pool.shares and flowing < _WHOLE:
            self._reporter.error(
                path,
                Text(
                    "何で分けるか shares が要ります（すべてがほかの区分に移るときだけ省けます）",
                    "it needs `shares`, unless all of it flows into other pools",
                ),
            )
        elif pool.shares and total != _WHOLE:
            self._reporter.error(at, _not_hundred(total))

    def _share(self, path: Path, share: ShareFile, *, alone: bool) -> None:
        if share.percents is not None:
            at: Path = (*path, "percents")
            self._names.bodies(share.percents, at)
            total = sum(share.percents.values(), Fraction())
            if total != _WHOLE and not self._reporter.is_muted_below(at):
                self._reporter.error(at, _not_hundred(total))
        if self._reporter.is_muted_below(path) or self._reporter.is_muted(path):
            return
        for key, by in _BELONGS_TO.items():
            written = getattr(share, key) is not None
            if written and share.by is not by:
                self._reporter.error((*path, key), _only_by(key, by, share.by), at_key=True)
            elif not written and share.by is by and key in _NEEDED:
                self._reporter.error(
                    (*path, key),
                    Text(f"by: {by.value} には {key} が要ります", f"by: {by.value} needs `{key}`"),
                )
        if share.when_zero.value == share.by.value or (
            alone and share.when_zero is WhenZero.OTHER_PARTS
        ):
            self._reporter.error((*path, "when_zero"), _NO_OTHER)

    def _fixed_and_percents(self, path: Path, pool: PoolFile) -> None:
        """Warn of percents of bodies that share nothing. It is no error: credits are shared by them."""
        fixed = {self._names.present(word) for word in pool.fixed}
        for i, share in enumerate(pool.shares):
            for word, percent in (share.percents or {}).items():
                if percent and self._names.present(word) in fixed:
                    self._reporter.warning(
                        (*path, "shares", i, "percents", word), _FIXED, at_key=True
                    )

    def _subsidies(self, path: Path, pool: PoolFile) -> None:
        at: Path = (*path, "subsidies")
        doubled(
            ((subsidy.name, (*at, i, "name")) for i, subsidy in enumerate(pool.subsidies)),
            self._reporter,
        )
        for i, subsidy in enumerate(pool.subsidies):
            if subsidy.bodies is not None:
                self._selector(subsidy.bodies, (*at, i, "bodies"))
            if not self._reporter.is_muted_below((*at, i)):
                self._subsidy((*at, i), subsidy)

    def _subsidy(self, path: Path, subsidy: SubsidyFile) -> None:
        if (subsidy.percent is None) == (subsidy.amount is None):
            self._reporter.error(
                path,
                Text(
                    "percent と amount のどちらか一つを書きます",
                    "it needs either `percent` or `amount`, and not both",
                ),
            )
        if subsidy.bodies is not None and subsidy.when is SubsidyWhen.BEFORE:
            self._reporter.error(
                (*path, "bodies"),
                Text(
                    "bodies は when: after のときだけ書きます（before は全体から引きます）",
                    "`bodies` belongs to when: after only; `before` comes off the whole",
                ),
                at_key=True,
            )

    def _flows(self, path: Path, pool: PoolFile) -> None:
        at: Path = (*path, "flows_into")
        doubled(
            ((flow.pool, (*at, i, "pool")) for i, flow in enumerate(pool.flows_into)),
            self._reporter,
        )
        known = [one.name for one in self._pools]
        unsure = any(
            self._reporter.is_muted((*self._path, i, "name")) for i in range(len(self._pools))
        )
        for i, flow in enumerate(pool.flows_into):
            if flow.pool not in known and not unsure:
                self._reporter.error((*at, i, "pool"), not_known(flow.pool, known, "区分", "pool"))
        total = sum((flow.percent for flow in pool.flows_into), Fraction())
        if total > _WHOLE and not self._reporter.is_muted_below(at):
            self._reporter.error(
                at,
                Text(
                    f"合わせて {said(total)} % です（100 % まで）",
                    f"together they are {said(total)} %, of 100 % at most",
                ),
            )

    def _circle(self) -> None:
        found = circle({pool.name: [flow.pool for flow in pool.flows_into] for pool in self._pools})
        if found is None:
            return
        index = next(i for i, pool in enumerate(self._pools) if pool.name == found[0])
        way = " → ".join(one_line(name) for name in found)
        self._reporter.error(
            (*self._path, index, "flows_into"),
            Text(f"区分が輪になって移ります（{way}）", f"these pools flow in a circle: {way}"),
        )


def _not_hundred(total: Fraction) -> Text:
    return Text(
        f"合わせて {said(total)} % です（100 % にします）",
        f"together they are {said(total)} %, not 100 %",
    )


def _only_by(key: str, by: ShareBy, found: ShareBy) -> Text:
    return Text(
        f"{key} は by: {by.value} のときだけ書きます（{found.value} でした）",
        f"`{key}` belongs to by: {by.value} only, not to {found.value}",
    )


_FIXED = Text(
    "fixed に額がある団体は按分を負わないので、この割合は効きません（全体がマイナスの月を除く）",
    "it bears what `fixed` says in place of a share: this percent plays no part but of credits",
)
_NO_OTHER = Text(
    "代わりになるものがありません（equal、population、unallocated などから選びます）",
    "that stands in for nothing here: choose another, such as equal or unallocated",
)
