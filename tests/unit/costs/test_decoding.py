"""Names, encodings, lengths and compression of files: what fits is read, the rest told with its line."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.costs.ledgers import ROOT, a_ledger, csv_file, focus_row, put

from moyai.costs.intake import decoding
from moyai.costs.intake.faults import Fault, IntakeError
from moyai.costs.intake.reading import MOST_BYTES
from moyai.costs.ledger.query import group_rows
from moyai.costs.periods import Period

SEPTEMBER = Period(2024, 9)
HEAD = b"BilledCost,BillingCurrency,BillingPeriodStart,ServiceName\n"


def line(name: bytes) -> bytes:
    return b"1,USD,2024-09-01," + name + b"\n"


def fault(folder: Path, content: bytes, name: str = "a.csv") -> Fault:
    """The one fault of a file."""
    file = folder / name
    file.write_bytes(content)
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(folder), file)
    [found] = raised.value.faults
    return found


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    found = fault(tmp_path, HEAD + line(b"S3"), os.fsdecode(b"a\x83.csv"))
    assert (found.line, found.reason.en) == (None, "its name is not UTF-8; give it another name")


MIXED = {
    "shift_jis_in_utf8": ([*["堺".encode()] * 3, "堺".encode("cp932")], 5, (5, 2)),
    "utf8_in_shift_jis": (["堺".encode("cp932"), "団体".encode(), b"S3"], 3, (2, 3)),
    "kana": (["堺".encode("cp932"), b'"a,' + "ひらがな".encode() + b'"'], 3, (2, 3)),
    "no_sign": (["堺".encode("cp932"), b"\xff"], 3, (2, 3)),
    "cut_sign": (["堺".encode("cp932"), "堺".encode("cp932")[:1]], 3, (2, 3)),
}


@pytest.mark.parametrize("chunk", [4 << 20, 7])
@pytest.mark.parametrize("name", MIXED)
def test_a_file_of_two_encodings(
    name: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_CHUNK", chunk)
    names, number, (utf8, shift_jis) = MIXED[name]
    found = fault(tmp_path, HEAD + b"".join(map(line, names)))
    assert found.line == number
    assert f"neither UTF-8 (not in line {utf8}) nor Shift_JIS (not in line {shift_jis})" in str(
        found.reason
    )


def test_japanese_in_shift_jis_is_not_taken_for_utf8(tmp_path: Path) -> None:
    pages = [*ROOT.glob("docs/guides/*.ja.md"), ROOT / "tenants.yaml", ROOT / "README.ja.md"]
    words = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    content = words.encode("cp932", errors="ignore")
    (tmp_path / "a").write_bytes(content)
    plain = decoding.as_text("a", tmp_path / "a", tmp_path, decoding.Faults())
    assert plain is not None
    assert plain.encoding == "cp932"
    assert plain.path.read_text(encoding="utf-8") == content.decode("cp932")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from("堺市団体計算保管費用機能電子申請あいうアイウ（）・ー、。ｱｲｳ"), max_size=8
    )
)
def test_any_words_in_either_encoding(signs: list[str]) -> None:
    words = "".join(signs)
    assert decoding._Mixed().line(words.encode("cp932") + b"\n") is None
    japanese = [sign for sign in signs if len(sign.encode()) == 3]
    assert (decoding._Mixed().line(words.encode() + b"\n") == 1) is bool(japanese)


@pytest.mark.parametrize("chunk", [4 << 20, 7])
@pytest.mark.parametrize("words", ["堺市", "ｶﾅ"])
def test_iso_2022_jp_is_told_by_its_name(
    words: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_CHUNK", chunk)
    found = fault(tmp_path, HEAD + line(words.encode("iso2022_jp_ext")))
    assert found.reason.en == "its encoding is ISO-2022-JP; save it as UTF-8 or Shift_JIS"


def test_a_record_that_is_too_long(tmp_path: Path) -> None:
    fields = [f'"{"x" * 100_000}"'.encode() for _ in range(40)]
    head = HEAD.strip() + b"".join(b",n%d" % number for number in range(39)) + b"\n"
    long = b"1,USD,2024-09-01," + b",".join(fields) + b"\n"
    found = fault(tmp_path, head + line(b"S3" + b"," * 39) + long)
    assert (found.line, found.reason.en) == (
        3,
        "the record is longer than 2 MiB; a quote may be left open",
    )
    assert fault(tmp_path, HEAD + line(b"x" * MOST_BYTES)).line == 2
    table = b"period,item,amount\n2026-04,x,1\n2026-04,x" + b"x" * MOST_BYTES
    assert fault(tmp_path, table).line == 3


def test_a_record_as_long_as_one_may_be(tmp_path: Path) -> None:
    quotes = '"' * (MOST_BYTES - 100)
    row = focus_row("1", note=quotes, more="a\nb")  # a line break within: read record by record
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", [row]))
    (found,) = group_rows(ledger.store, ledger.basis(SEPTEMBER), ["note"])
    assert found.values["note"] == quotes


def test_what_unpacks_to_more_than_files_of_costs_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "FREELY", 1 << 20)
    bomb = gzip.compress(HEAD + line(b"x") * 2_000_000)
    assert "unpacks to more than 400 times its size" in fault(tmp_path, bomb, "a.csv.gz").reason.en
    rows = HEAD + b"".join(line(b"S3 %d" % (number * 7919)) for number in range(60_000))
    (tmp_path / "fine.csv.gz").write_bytes(gzip.compress(rows))
    ledger = a_ledger(tmp_path)
    put(ledger, tmp_path / "fine.csv.gz")
    assert ledger.basis(SEPTEMBER).sources["fine.csv.gz"].count == 60_000


def test_what_unpacks_to_more_than_the_disk_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_LOOKED_AT", 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=decoding.SPARE - 1))
    found = fault(tmp_path, gzip.compress(HEAD + line(b"x")), "a.csv.gz")
    assert "less than 512 MiB of the disk free" in found.reason.en
