"""Which bodies codes in files mean, month by month. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from moyai.costs.periods import Period
from moyai.texts import Text

Codes = Mapping[str, str]
"""Code or former code → code."""


class Bodies:
    """What codes mean in a month: in an open one by the file, in a closed one by what its closing froze.

    In a closed month, the code of a body that only one of that month became since means this one.
    """

    def __init__(self, present: Codes, frozen: Callable[[Period], Codes | None]) -> None:
        """`present`: of the file; `frozen`: of a closed month, None of an open one."""
        self._present = present
        self._frozen = frozen
        self._known: dict[Period, Codes | None] = {}

    def means(self, code: str, period: Period | None) -> str | None:
        """The body's code in a month; None where it has none of this code."""
        frozen = self._of(period)
        if frozen is None:
            return self._present.get(code)
        if code in frozen:
            return frozen[code]
        former = self._former(code, frozen)
        return former[0] if len(former) == 1 else None

    def kept(self, code: str, period: Period) -> str:
        """A code as the ledger keeps it: as written, unless a closed month knows its body by another."""
        frozen = self._of(period)
        return code if frozen is None or code in frozen else self.means(code, period) or code

    def unknown(self, code: str, period: Period | None) -> Text:
        """Why a code means no body."""
        frozen = self._of(period)
        if frozen is None:
            return Text(
                f"「{code[:60]}」は tenants.yaml のどの団体のコードでもありません",
                f"'{code[:60]}' is no code of a body in tenants.yaml",
            )
        former = self._former(code, frozen)
        if former:
            names = ", ".join(former)
            return Text(
                f"{period} を閉じたとき、{code} はまだ {names} でした。そのコードで分けてください",
                f"{code} was still {names} when {period} was closed; give each its own",
            )
        return Text(
            f"「{code[:60]}」は、{period} を閉じたときのどの団体のコードでもありません",
            f"'{code[:60]}' is no code of a body as it was when {period} was closed",
        )

    def _of(self, period: Period | None) -> Codes | None:
        if period is None:
            return None
        if period not in self._known:
            self._known[period] = self._frozen(period)
        return self._known[period]

    def _former(self, code: str, frozen: Codes) -> list[str]:
        """A month's bodies that are by now the one whose code this is."""
        bodies = sorted(set(frozen.values())) if self._present.get(code) == code else []
        return [one for one in bodies if self._present.get(one) == code]
