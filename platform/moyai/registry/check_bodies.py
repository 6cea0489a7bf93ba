"""Checks of bodies: codes against the national list, doubled keys, isolation, freezes."""

from __future__ import annotations

from collections.abc import Iterable

from moyai.registry.codes import (
    Listed,
    check_digit,
    is_well_formed,
    national_list,
    prefecture_numbers,
    prefectures,
)
from moyai.registry.file_model import FreezeFile, TenantFile
from moyai.registry.models import Isolation, Kind
from moyai.registry.parts import Parts
from moyai.registry.paths import Path
from moyai.registry.problems import Reporter
from moyai.registry.selector import RESERVED
from moyai.registry.words import not_known, one_line
from moyai.texts import Text


def check_bodies(parts: Parts, reporter: Reporter) -> None:
    """Report what is wrong with bodies, each by itself and among each other."""
    _identities(parts, reporter)
    cells = () if parts.federation is None else [cell.name for cell in parts.federation.cells]
    _default_cell(parts, cells, reporter)
    check_freezes(("defaults", "freezes"), parts.defaults.freezes, reporter)
    if parts.defaults.isolation is Isolation.ACCOUNT:
        reporter.error(("defaults", "isolation"), _ACCOUNT)
    present = {body.code for body in parts.tenants.values()}
    for index, body in parts.tenants.items():
        path: Path = ("tenants", index)
        _code(path, body, reporter)
        for j, former in enumerate(body.former_codes):
            _former((*path, "former_codes", j), former, present, reporter)
            _quoted((*path, "former_codes", j), former, reporter)
        if body.slug in RESERVED:
            reporter.error(
                (*path, "slug"),
                Text(
                    f"「{body.slug}」は選択式の語なので使えません",
                    f"'{body.slug}' is a word of selectors and cannot be a slug",
                ),
            )
        if cells and body.cell is not None and body.cell not in cells:
            reporter.error((*path, "cell"), not_known(body.cell, cells, "セル", "cell"))
        _isolation(path, body, parts, reporter)
        if body.freezes is not None:
            check_freezes((*path, "freezes"), body.freezes, reporter)
    _elsewhere(parts, reporter)


def doubled(keys: Iterable[tuple[str, Path]], reporter: Reporter) -> None:
    """Report each key that was there before, with the line of the first."""
    first: dict[str, Path] = {}
    for key, path in keys:
        if reporter.is_muted(path):
            continue
        if key in first:
            line = reporter.line(first[key])
            reporter.error(
                path,
                Text(
                    f"「{one_line(key)}」が二度使われています（最初は {line} 行目）",
                    f"'{one_line(key)}' is used twice, first in line {line}",
                ),
            )
        first.setdefault(key, path)


def check_freezes(path: Path, freezes: Iterable[FreezeFile], reporter: Reporter) -> None:
    """Report spans that end before they begin; warn of those that overlap."""
    spans = list(enumerate(freezes))
    for i, freeze in spans:
        if freeze.last < freeze.first:
            reporter.error(
                (*path, i, "last"),
                Text("last が first より前の日です", "last is before first"),
            )
    spans = [(i, freeze) for i, freeze in spans if freeze.first <= freeze.last]
    longest: FreezeFile | None = None
    for i, freeze in sorted(spans, key=lambda item: (item[1].first, item[0])):
        if reporter.is_muted((*path, i)):
            continue
        if longest is not None and freeze.first <= longest.last:
            reporter.warning(
                (*path, i),
                Text(
                    f"凍結期間が重なっています（{longest.first}〜{longest.last} {longest.reason}）",
                    f"it overlaps the freeze {longest.first} to {longest.last} ({longest.reason})",
                ),
            )
        if longest is None or freeze.last > longest.last:
            longest = freeze


def _identities(parts: Parts, reporter: Reporter) -> None:
    bodies = parts.tenants.items()
    codes: list[tuple[str, Path]] = [(body.code, ("tenants", i, "code")) for i, body in bodies]
    former: list[tuple[str, Path]] = [
        (code, ("tenants", i, "former_codes", j))
        for i, body in bodies
        for j, code in enumerate(body.former_codes)
    ]
    doubled([*codes, *former], reporter)
    doubled(((body.slug, ("tenants", i, "slug")) for i, body in bodies), reporter)


def _default_cell(parts: Parts, cells: Iterable[str], reporter: Reporter) -> None:
    cell = parts.defaults.cell
    if cells and cell is not None and cell not in cells:
        reporter.error(("defaults", "cell"), not_known(cell, cells, "セル", "cell"))


def _code(path: Path, body: TenantFile, reporter: Reporter) -> None:
    at_code: Path = (*path, "code")
    if not is_well_formed(body.code):
        reporter.error(at_code, why_bad_code(body.code))
        return
    _quoted(at_code, body.code, reporter)
    listed = national_list().get(body.code)
    if listed is not None:
        _listed(path, body, listed, reporter)
    elif body.kind.is_joint_body:
        _joint_code(at_code, body.code, reporter)
    elif not reporter.is_muted((*path, "kind")):
        reporter.error(
            at_code,
            Text(
                f"{body.code} は全国の一覧にありません（一部事務組合や広域連合なら kind に書きます）",
                f"{body.code} is not on the national list (a joint body says so in `kind`)",
            ),
        )


def _joint_code(path: Path, code: str, reporter: Reporter) -> None:
    if code[:2] not in prefecture_numbers():
        reporter.error(
            path,
            Text(
                f"{code} の先頭の 2 桁 {code[:2]} は、どの都道府県のものでもありません（01〜47）",
                f"{code} begins with {code[:2]}, which is no prefecture's number (01 to 47)",
            ),
        )


def _quoted(path: Path, code: str, reporter: Reporter) -> None:
    """Moyai reads 011002 as it stands; what reads YAML 1.1 takes it for an octal number, 4610."""
    if code.startswith("0") and reporter.is_plain(path):
        reporter.warning(
            path,
            Text(
                f'"{code}" と引用符で囲んでください（0 で始まる数は 8 進数と読まれることがあります）',
                f'put it in quotes, "{code}": other tools may read it as an octal number',
            ),
        )


def _listed(path: Path, body: TenantFile, listed: Listed, reporter: Reporter) -> None:
    if body.kind.is_joint_body:
        reporter.error(
            (*path, "code"),
            Text(
                f"{body.code} は{listed.name}のコードで、{body.kind.value}のものではありません",
                f"{body.code} is {listed.name}'s code, not a joint body's",
            ),
        )
        return
    if body.name != listed.name:
        name = one_line(body.name)
        reporter.error(
            (*path, "name"),
            Text(
                f"{body.code} は{listed.prefecture}{_short(listed)}のコードです"
                f"（「{name}」とあります）",
                f"{body.code} is the code of {listed.name} in {listed.prefecture}, not of {name}",
            ),
        )
    if not listed.allows(body.kind):
        kinds = [kind.value for kind in Kind if listed.allows(kind)]
        reporter.error(
            (*path, "kind"),
            Text(
                f"{listed.name}の種別は{'か'.join(kinds)}です（「{body.kind.value}」とあります）",
                f"{listed.name} is {' or '.join(kinds)} by the national list, not "
                f"{body.kind.value}",
            ),
        )


def _elsewhere(parts: Parts, reporter: Reporter) -> None:
    """Warn of bodies of other prefectures, one warning for each of these: rather a wrong code than
    a wide federation. It stands at the last one, which is where `add` puts a new body."""
    home = "" if parts.federation is None else parts.federation.prefecture
    if home not in prefectures() or reporter.is_muted(("federation", "prefecture")):
        return
    strangers: dict[str, list[tuple[int, Listed]]] = {}
    for index, body in parts.tenants.items():
        listed = national_list().get(body.code)
        # Another name, or a joint body's kind, is an error at this code already.
        if listed is None or body.name != listed.name or body.kind.is_joint_body:
            continue
        if listed.prefecture != home:
            strangers.setdefault(listed.prefecture, []).append((index, listed))
    for prefecture, found in strangers.items():
        index, last = found[-1]
        more = len(found) - 1
        reporter.warning(
            ("tenants", index, "code"),
            Text(
                f"{last.name}は{prefecture}の団体です（共同体は{home}です）"
                + (f"。{prefecture}の団体はほかに {more} あります" if more else ""),
                f"{last.name} is in {prefecture}, the federation in {home}"
                + (f"; {more} more are in {prefecture}" if more else ""),
            ),
        )


def _short(listed: Listed) -> str:
    return "" if listed.name == listed.prefecture else listed.name


def _former(path: Path, code: str, present: set[str], reporter: Reporter) -> None:
    if not is_well_formed(code):
        reporter.error(path, why_bad_code(code))
        return
    listed = national_list().get(code)
    if listed is not None and code not in present:  # one that is here too is reported as doubled
        reporter.warning(
            path,
            Text(
                f"{code} はいまも{listed.name}のコードとして一覧にあります",
                f"{code} is still {listed.name}'s code on the national list",
            ),
        )


def why_bad_code(code: str) -> Text:
    """Why a code is not well formed, with the right one where that can be said."""
    if len(code) == 6 and code.isascii() and code.isdigit():
        digit = check_digit(code[:5])
        return Text(
            f"検査数字が合いません（{code[:5]} なら最後は {digit} です）",
            f"its check digit is wrong: after {code[:5]} comes {digit}",
        )
    if len(code) == 5 and code.isascii() and code.isdigit():
        whole = code + check_digit(code)
        return Text(
            f"「{code}」は5桁です。検査数字を付けると {whole} です",
            f"'{code}' has five digits; with its check digit it is {whole}",
        )
    words = one_line(code)
    return Text(f"「{words}」は6桁の数字ではありません", f"'{words}' is not six digits")


_ACCOUNT = Text(
    "account 分離は本番の拠点とともに使えるようになります。いまは application か network です",
    "account isolation comes with the production sites; for now application or network",
)


def _isolation(path: Path, body: TenantFile, parts: Parts, reporter: Reporter) -> None:
    isolation = body.isolation or parts.defaults.isolation
    if reporter.is_muted((*path, "isolation")) or reporter.is_muted(("defaults", "isolation")):
        return
    if isolation is Isolation.ACCOUNT:
        if body.isolation is not None:
            reporter.error((*path, "isolation"), _ACCOUNT)
    elif isolation is Isolation.NETWORK and body.cidr is None:
        reporter.error(
            (*path, "cidr"),
            Text(
                "network 分離には cidr（federation.network.tenants の中の /20）が要ります",
                "network isolation needs a cidr, a /20 out of federation.network.tenants",
            ),
        )
    elif isolation is Isolation.APPLICATION and body.cidr is not None:
        reporter.error(
            (*path, "cidr"),
            Text(
                "cidr は network 分離の団体だけが持ちます",
                "only a body with network isolation has a cidr",
            ),
        )
