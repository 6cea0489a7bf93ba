"""Listings for people and machines."""

from __future__ import annotations

import csv
import io
import json

import pytest
import typer

from moyai_cli.render import Column, Output, aside, document, listing

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
