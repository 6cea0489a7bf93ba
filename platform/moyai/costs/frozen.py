"""What decides a period besides its rows and invoices, as a closing freezes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from moyai.costs.apportion.inputs import Members, TaxCarried
from moyai.costs.periods import Period
from moyai.costs.record import canonical, sha256
from moyai.registry.cost_rules import Budget, Instalments, Issuer, RuleSet


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that decides an allocation and its documents, but for rows and invoices."""

    rules: RuleSet
    members: Members
    issuer: Issuer
    instalments: Instalments | None
    names: Mapping[str, str]
    """Code → the body's name."""
    fiscal_year_start: str
    """Month and day, `04-01`."""
    tax_carried_in: TaxCarried
    """Tax that the period before left to this one."""
    budgets: tuple[Budget, ...]
    """Those of the period's fiscal year, which documents set its costs against."""
    earlier: tuple[Period, ...]
    """The months of that year before it which were on record, in order: documents show them beside it."""

    def encoded(self) -> bytes:
        """Canonical JSON, which `decode_inputs` reads."""
        return canonical(self._plain())

    @property
    def sha256(self) -> str:
        """The hash of `encoded`."""
        return sha256(self._plain())

    @property
    def rules_sha256(self) -> str:
        """The hash of the rules."""
        return sha256(_RULES.dump_python(self.rules, mode="json"))

    def _plain(self) -> object:
        return _INPUTS.dump_python(self, mode="json")


_INPUTS = TypeAdapter(Inputs)
_RULES = TypeAdapter(RuleSet)


def decode_inputs(content: bytes) -> Inputs:
    """What `Inputs.encoded` made. Raises pydantic's `ValidationError` for what it is not."""
    return _INPUTS.validate_json(content)
