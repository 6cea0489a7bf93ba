"""An allocation as a document: what machines read, and what is kept and hashed. Pure.

The same inputs give the same bytes, whatever the order of rows and files. Exact numbers are strings:
`1/3`, or a decimal where it has an end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction

import orjson

from moyai.costs.apportion.allocation import (
    Allocation,
    Borne,
    Line,
    PartShare,
    PayerKind,
    PoolAccount,
    Unallocated,
)
from moyai.costs.apportion.inputs import Rate
from moyai.texts import document_of

Json = Mapping[str, object]
_PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE | _PLAIN


def document(made: Allocation) -> dict[str, object]:
    """All of an allocation. Amounts are whole yen, `…_jpy`."""
    others = [one for one in made.borne if one.payer.kind is not PayerKind.BODY]
    return {
        "period": str(made.period),
        "rules": made.rules,
        "bill_jpy": made.bill_jpy,
        "carried_in_jpy": made.carried_in_jpy,
        "settled_jpy": made.settled_jpy,
        "allocated_jpy": made.allocated_jpy,
        "difference_jpy": made.difference_jpy,
        "unallocated_jpy": made.unallocated_jpy,
        "unallocated": [_unallocated(one) for one in made.unallocated],
        "bodies": [_body(code, borne) for code, borne in made.bodies()],
        "payers": [
            {
                "kind": one.payer.kind.value,
                "name": one.payer.name,
                "rule": one.rule,
                "jpy": one.jpy,
            }
            for one in others
        ],
        "pools": [_pool(account) for account in made.pools],
        "taxes": {plain(rate): yen for rate, yen in sorted(made.taxes.items())},
    }


def canonical(value: object) -> bytes:
    """JSON of a document: keys in order, UTF-8, one line with its end."""
    try:
        return orjson.dumps(value, option=_CANONICAL)
    except orjson.JSONEncodeError:
        # Whole numbers beyond 64 bits: the same bytes, but slower.
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return f"{text}\n".encode()


def indented(value: object) -> str:
    """JSON of a document for whoever reads it: two spaces a level, without an end of the last line."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 | _PLAIN).decode()
    except orjson.JSONEncodeError:
        # Whole numbers beyond 64 bits, as in `canonical`.
        return json.dumps(value, ensure_ascii=False, indent=2)


def sha256(value: object) -> str:
    """The hash of a document's canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def plain(value: Fraction) -> str:
    """An exact number in words: `40`, `33.3`, or `100/3` where no decimal is exact."""
    if value.denominator == 1:
        return str(value.numerator)
    scale = 0
    rest = value.denominator
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        scale = max(scale, count)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    whole, part = divmod(abs(value.numerator) * 10**scale // value.denominator, 10**scale)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{scale}}"


def _body(code: str, borne: tuple[Borne, ...]) -> dict[str, object]:
    return {
        "code": code,
        "jpy": sum(one.jpy for one in borne),
        "lines": [_line(one, line) for one in borne for line in one.lines],
        "by_rate": _by_rate(borne),
    }


def _by_rate(borne: tuple[Borne, ...]) -> dict[str, int]:
    found: dict[Rate, int] = {}
    for one in borne:
        for rate, yen in one.by_rate.items():
            found[rate] = found.get(rate, 0) + yen
    named = {"" if rate is None else plain(rate): yen for rate, yen in found.items()}
    return dict(sorted(named.items()))


def _line(borne: Borne, line: Line) -> dict[str, object]:
    found: dict[str, object] = {"rule": borne.rule, "kind": str(line.kind), "jpy": line.jpy}
    if line.parts:
        found["parts"] = [_part(part) for part in line.parts]
        found["limited"] = line.limited
    if line.by_rule is not None:
        found["by_rule_jpy"] = line.by_rule
    if line.settled is not None:
        found["settled"] = str(line.settled)
    if borne.presence is not None:
        found["days"] = borne.presence.days
        found["of_days"] = borne.presence.of
    return found


def _part(part: PartShare) -> dict[str, object]:
    return {
        "by": str(part.by),
        "driver": part.driver,
        "percent": plain(part.percent),
        "weight": str(part.weight),
        "of": str(part.of),
    }


def _pool(account: PoolAccount) -> dict[str, object]:
    return {
        "name": account.name,
        "caught_jpy": account.caught,
        "carried_in_jpy": account.carried_in,
        "settled_in_jpy": {str(one): yen for one, yen in account.settled_in_jpy.items()},
        "flowed_in_jpy": dict(sorted(account.flowed_in.items())),
        "flowed_out_jpy": dict(sorted(account.flowed_out.items())),
        "subsidies_jpy": dict(sorted(account.subsidies.items())),
        "shared_jpy": account.shared,
        "notes": [document_of(note) for note in account.notes],
    }


def _unallocated(one: Unallocated) -> dict[str, object]:
    return {
        "reason": document_of(one.reason),
        "pool": one.pool,
        "values": dict(sorted(one.values.items())),
        "jpy": one.jpy,
        "rows": one.rows,
        "settled": None if one.settled is None else str(one.settled),
    }
