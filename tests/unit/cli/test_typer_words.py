"""Help and errors that Typer words: in Japanese, and whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module

import pytest
from typer._click.exceptions import ClickException
from typer.main import get_command

from moyai_cli.table import COMMANDS
from moyai_cli.typer_words import english, japanese

PAGES = """
import io, json
from contextlib import redirect_stdout
from typer.main import get_command
from moyai_cli.application import app
from moyai_cli.table import COMMANDS
from moyai_cli.typer_words import install

install("ja")
group = get_command(app)

def walk(command, path):
    subs = {name: command.get_command(None, name) for name in command.list_commands(None)} \\
        if hasattr(command, "list_commands") else {}
    texts = [command.help or ""] + [getattr(one, "help", None) or "" for one in command.params]
    texts += [COMMANDS[name].help if not path else sub.help for name, sub in subs.items()]
    page = io.StringIO()
    with redirect_stdout(page):
        try:
            app([*path, "--help"], prog_name="moyai")
        except SystemExit as end:
            assert end.code == 0
    yield " ".join(path), page.getvalue(), "".join(texts)
    for name, sub in subs.items():
        yield from walk(sub, [*path, name])

print(json.dumps(list(walk(group, []))))
"""
ENGLISH = ("Usage", "Options", "Arguments", "Commands", "Show ", "default", "required", "env var")


@pytest.mark.parametrize("columns", ["80", "70", "200"])
def test_japanese_help_is_japanese_and_nothing_of_it_is_cut(columns: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PAGES],
        env={**os.environ, "MOYAI_LANG": "ja", "COLUMNS": columns},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pages = json.loads(done.stdout)
    assert {path.split(" ")[0] for path, _, _ in pages} == {"", *COMMANDS}
    for path, page, texts in pages:
        assert page.count("…") == texts.count("…"), f"{path}\n{page}"
        signs = len(re.findall(r"[ぁ-ん]", texts))
        assert len(re.findall(r"[ぁ-ん]", page)) >= signs, f"{path}\n{page}"
        for word in ENGLISH:
            assert word not in page, f"{path}\n{page}"


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("output", [], "引数 'body' が要ります。"),
        ("output", ["a", "b"], "余分な引数があります: b"),
        ("output", ["--nope"], "オプション --nope はありません。"),
        ("deploy", ["--refreshh"], "オプション --refreshh はありません（近いもの: --refresh）。"),
        ("deploy", ["--jobs"], "オプション --jobs には値が要ります。"),
        ("deploy", ["--refresh=1"], "オプション --refresh に値は書けません。"),
        ("deploy", ["--wait", "x"], "'--wait' の値が正しくありません: 数ではありません。"),
        ("deploy", ["--wait", "-1"], "'--wait' の値が正しくありません: 0 以上にしてください。"),
        ("deploy", ["-j", "65"], "'--jobs' / '-j' の値が正しくありません: 64 以下にしてください。"),
        ("deploy", ["-j", "1.5"], "'--jobs' / '-j' の値が正しくありません: 整数ではありません。"),
        (
            "deploy",
            ["-o", "x"],
            "'--output' / '-o' の値が正しくありません: "
            "「x」は次のどれでもありません: 'table', 'json', 'csv'",
        ),
        ("tenant", ["shw"], "コマンド「shw」はありません（近いもの: 'show'）。"),
        ("tenant", ["xyz"], "コマンド「xyz」はありません。"),
        ("cost", ["allocat"], "コマンド「allocat」はありません（近いもの: 'allocate'）。"),
        ("cost", ["xyz"], "コマンド「xyz」はありません。"),
    ],
)
def test_wrong_usage_is_said_in_japanese(command: str, arguments: list[str], words: str) -> None:
    made = get_command(import_module(COMMANDS[command].module).app)
    with pytest.raises(ClickException) as caught:
        made.main(arguments, prog_name="moyai", standalone_mode=False)
    message = caught.value.format_message()
    assert japanese(message) == words
    assert "Value error" not in english(message)
