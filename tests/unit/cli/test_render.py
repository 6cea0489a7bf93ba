"""Listings for people and machines."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest
import typer

from moyai.costs.intake.faults import Fault, IntakeError
from moyai.errors import UsageError
from moyai.texts import Text
from moyai_cli.application import _tell
from moyai_cli.render import Column, Output, aside, document, listing, show_line

RECORDS = [
    {"code": "271004", "name": "大阪市", "reasons": ["一", "二"], "hidden": 1},
    {"code": "271403", "name": 'a "quoted", name', "reasons": [], "hidden": None},
]
COLUMNS = [Column("code", "コード"), Column("name", "団体"), Column("reasons", "理由")]


def test_json_has_every_key_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    listing(RECORDS, COLUMNS, Output.JSON)
    assert json.loads(capsys.readouterr().out) == RECORDS


def test_csv_has_the_columns_and_survives_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    listing(RECORDS, COLUMNS, Output.CSV)
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [
        ["code", "name", "reasons"],
        ["271004", "大阪市", "一; 二"],
        ["271403", 'a "quoted", name', ""],
    ]


def test_a_table_shows_each_record_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    listing(RECORDS, COLUMNS, Output.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "大阪市" in lines[1]


def test_numbers_have_thousands_separators_for_people_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    columns = [Column("code", "code"), Column("yen", "yen", is_number=True)]
    values: list[object] = [1234567, -1234, "1234.50", {"JPY": "5000"}, None, "–", True, "1e9"]
    records = [{"code": "271004", "yen": value} for value in values]
    listing(records, columns, Output.TABLE)
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.removeprefix("271004").strip() for line in lines] == [
        "1,234,567", "-1,234", "1,234.50", "JPY=5,000", "", "–", "True", "1e9",
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1
    listing(records, columns, Output.JSON)
    assert json.loads(capsys.readouterr().out) == records
    listing(records[:1], columns, Output.CSV)
    assert capsys.readouterr().out == "code,yen\n271004,1234567\n"


def test_a_document_is_indented_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    document({"a": 1, "b": {"c": ["x", "y"]}, "d": []}, Output.TABLE)
    assert capsys.readouterr().out.splitlines() == [
        "a: 1",
        "b:",
        "  c:",
        "    - x",
        "    - y",
        "d: ",
    ]


def test_where_programs_read_what_is_told_goes_aside(capsys: pytest.CaptureFixture[str]) -> None:
    for output in Output:
        with aside(output):
            typer.echo("on the way")
            listing([{"a": output}], [Column("a", "A")], Output.TABLE)
        typer.echo("afterwards")
        told = capsys.readouterr()
        machine = output is not Output.TABLE
        assert ("on the way" in told.err, "on the way" in told.out) == (machine, not machine)
        assert (output in told.err, output in told.out) == (machine, not machine)
        assert "afterwards" in told.out


EVIL = "a\x1b[2J\x9b\u202e\udc83\nb\r.csv"
SEEN = r"a\x1b[2J\x9b\u202e\udc83\nb\r.csv"


def test_what_terminals_act_upon_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    listing([{"a": EVIL}], [Column("a", "A")], Output.TABLE)
    document({"k\x1b": [EVIL]}, Output.TABLE)
    show_line(f"{EVIL}: reading")
    assert [one.rstrip() for one in capsys.readouterr().out.splitlines()] == [
        "A", SEEN, r"k\x1b:", f"  - {SEEN}", f"{SEEN}: reading",
    ]  # fmt: skip


def test_programs_get_it_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    words = "a\x1b\nb"
    listing([{"a": words}], [Column("a", "A")], Output.JSON)
    assert json.loads(capsys.readouterr().out) == [{"a": words}]


def test_csv_is_as_it_is_for_programs_and_does_nothing_to_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "a\x1b[31m\nb"
    for is_terminal, said in ((False, f'"{words}"'), (True, r"a\x1b[31m\nb")):
        monkeypatch.setattr(sys.stdout, "isatty", lambda found=is_terminal: found)
        listing([{"a": words}], [Column("a", "A")], Output.CSV)
        document({"a": words}, Output.CSV)
        assert capsys.readouterr().out == f"a\n{said}\nkey,value\na,{said}\n"


def test_an_error_that_quotes_it(capsys: pytest.CaptureFixture[str]) -> None:
    fault = Fault("a\nb.csv", 3, "x\x1b[8m", Text("「\x07」", "'\x07'"))
    assert _tell(IntakeError([fault])) == 2
    assert capsys.readouterr().err.splitlines()[1] == r"a\nb.csv:3: x\x1b[8m: '\x07'"
    _tell(UsageError(Text("", "first\nsecond \x1b]0;x\x07")))
    assert capsys.readouterr().err.splitlines() == ["first", r"second \x1b]0;x\x07"]


def test_headings_of_files_do_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    listing([{"x": 1}], [Column("x", "Tags.\x9b[red]b\x07")], Output.TABLE)
    assert capsys.readouterr().out.splitlines()[0].strip() == r"Tags.\x9b[red]b\x07"
