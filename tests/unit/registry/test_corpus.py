"""Files that a federation might really have, or that somebody made to hurt: all they bring, to the letter.

Each `corpus/NAME.yaml` has a `corpus/NAME.problems` with every problem in Japanese and in English, or
nothing where the file is valid. With `MOYAI_RENEW_CORPUS=1` they are written anew, to be read in the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.sample import SAMPLE

from moyai.registry.load import load_content

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("*.yaml"))


def _problems(file: Path) -> str:
    loaded = load_content(SAMPLE, file.read_bytes())
    lines = []
    for problem in loaded.problems:
        lines += [f"{problem.severity}: {problem.render('ja')}", f"  {problem.render('en')}"]
    return "".join(line + "\n" for line in lines)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_file_brings(file: Path) -> None:
    expected = file.with_suffix(".problems")
    found = _problems(file)
    if os.environ.get("MOYAI_RENEW_CORPUS"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_the_corpus_is_complete() -> None:
    assert {file.stem for file in FILES} == {file.stem for file in CORPUS.glob("*.problems")}
    valid = {file.stem for file in FILES if not file.with_suffix(".problems").read_text()}
    assert valid == {"bom-and-crlf", "empty-federation", "json", "yaml-1.2-words"}
