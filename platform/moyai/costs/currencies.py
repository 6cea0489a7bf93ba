"""Currencies that bills are in: codes of ISO 4217 as the standard has them today. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from moyai.registry.words import one_line
from moyai.texts import Text

_WITHDRAWN: Mapping[str, str] = {
    "AFN": "AFA",
    "ALL": "ALK",
    "AOA": "AOK AON AOR",
    "ARS": "ARA ARP ARY",
    "AZN": "AYM AZM",
    "BAM": "BAD",
    "BOB": "BOP",
    "BRL": "BRB BRC BRE BRN BRR",
    "BYN": "BYB BYR",
    "CDF": "ZRN ZRZ",
    "CUP": "CUC",
    "CZK": "CSJ CSK",
    "EUR": "ADP ATS BEC BEF BEL BGJ BGK BGL BGN CYP DDM DEM EEK ESA ESB ESP FIM FRF GRD HRD HRK IEP ITL LTL "
    "LTT LUC LUF LUL LVL LVR MTL MTP NLG PTE SIT SKK XEU",
    "GEL": "GEK",
    "GHS": "GHC GHP",
    "GNF": "GNE GNS",
    "ILS": "ILP ILR",
    "ISK": "ISJ",
    "LAK": "LAJ",
    "MGA": "MGF",
    "MRU": "MRO",
    "MVR": "MVQ",
    "MXN": "MXP",
    "MZN": "MZE MZM",
    "NIO": "NIC",
    "PEN": "PEH PEI PES",
    "PLN": "PLZ",
    "RON": "ROK ROL",
    "RSD": "CSD YUD YUM YUN",
    "RUB": "RUR SUR",
    "SDG": "SDD SDP",
    "SLE": "SLL",
    "SRD": "SRG",
    "STN": "STD",
    "TMT": "TMM",
    "TRY": "TRL",
    "UAH": "UAK",
    "UGX": "UGS UGW",
    "USD": "ECS ECV TPE USS",
    "UYU": "UYN UYP",
    "VES": "VEB VEF",
    "VND": "VNC",
    "XAF": "GQE",
    "XCG": "ANG",
    "XOF": "GWE GWP MLF",
    "YER": "YDD",
    "ZAR": "ZAL",
    "ZMW": "ZMK",
    "ZWG": "RHD ZWC ZWD ZWL ZWN ZWR",
}
"""What is used today → codes that it took the place of (ISO 4217, list three)."""
_SUCCESSORS: Mapping[str, str] = {
    old: code for code, former in _WITHDRAWN.items() for old in former.split()
}


def is_currency(words: str) -> bool:
    """Whether a bill may be in a currency of this code."""
    return words in _codes()


def no_currency(words: str) -> Text:
    """Why it is none, with the code that is meant where one is."""
    shown = one_line(words)
    successor = _SUCCESSORS.get(words)
    if successor is not None:
        return Text(
            f"「{shown}」は廃止された通貨コードです（今は {successor}）",
            f"'{shown}' is a currency that was withdrawn; it is {successor} now",
        )
    plain = words.strip().upper()
    if plain in _codes():
        return Text(
            f"「{shown}」は通貨コードではありません（{plain} ではありませんか）",
            f"'{shown}' is no currency code; did you mean {plain}?",
        )
    return Text(
        f"「{shown}」は ISO 4217 の通貨コード（例 JPY）ではありません",
        f"'{shown}' is no currency code of ISO 4217 such as JPY",
    )


def minor_places(code: str) -> int | None:
    """Decimal places of a currency's minor unit; None of a code that is none, or no longer one."""
    return _codes().get(code)


@cache
def _codes() -> Mapping[str, int]:
    # Its table is XML, which commands that read no currency need not wait for.
    from iso4217 import Currency

    # Metals, tests and units of account have no minor unit: no invoice is in them.
    return {one.code: one.exponent for one in Currency if one.exponent is not None}
