"""What the documents name is there: commands with their options, make targets, files, both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.sample import PROJECT, SAMPLE, lay_out
from typer.main import get_command

from moyai.registry.load import load
from moyai.texts import Lang
from moyai_cli.application import app

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("runbooks/*.md")]
IN_BOTH = [("README.md", "README.ja.md")] + [
    (str(path.relative_to(ROOT)), str(path.relative_to(ROOT)).replace(".en.md", ".ja.md"))
    for folder in (ROOT / "docs" / "guides", ROOT / "runbooks")
    for path in folder.glob("*.en.md")
]
TARGETS = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(text: str) -> list[str]:
    """Lines of a document's shell blocks (without a language, `sh`, or `console`)."""
    found = re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line.split("#")[0].strip() for block in found for line in block.splitlines()]


def shown(text: str) -> list[list[str]]:
    """The commands of shell blocks, split into words."""
    lines = [line.removeprefix("$ ").removeprefix(".venv/bin/") for line in blocks(text)]
    return [shlex.split(line) for line in lines if line.startswith(("moyai ", "make "))]


def accept(words: list[str]) -> None:
    """Walk `moyai`'s commands along a line; an unknown command or option fails."""
    command = get_command(app)
    pending = words[1:]
    while hasattr(command, "commands") or hasattr(command, "get_command"):
        if not pending or pending[0].startswith("-"):
            break
        found = command.get_command(None, pending[0])  # type: ignore[arg-type]  # no context needed
        assert found is not None, f"no command {pending[0]!r} in {' '.join(words)}"
        command, pending = found, pending[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    options |= {option for parameter in command.params for option in parameter.secondary_opts}
    for word in pending:
        if word.startswith("-"):
            assert word.split("=")[0] in options | {"--lang", "--help"}, " ".join(words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_in_blocks_are_real(document: Path) -> None:
    for words in shown(document.read_text(encoding="utf-8")):
        if words[0] == "make":
            assert set(words[1:]) <= set(TARGETS), words
        else:
            accept(words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_make_targets_in_sentences_are_real(document: Path) -> None:
    named = re.findall(r"`make ([a-z-]+)`", document.read_text(encoding="utf-8"))
    assert set(named) <= set(TARGETS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_and_places_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (document.parent / target).exists(), target
    for place in re.findall(
        r"`((?:platform|cli|stacks|tests|docs|scripts|requirements)/[\w./-]+)`", text
    ):
        home = PROJECT if place.startswith("stacks/services") else ROOT
        assert (home / place).exists(), place


@pytest.mark.parametrize(("english", "japanese"), IN_BOTH)
def test_both_languages_show_the_same_commands(english: str, japanese: str) -> None:
    one, other = ((ROOT / file).read_text(encoding="utf-8") for file in (english, japanese))
    assert shown(one) == shown(other)
    heading = re.compile(r"^#+ ", re.MULTILINE)
    assert len(heading.findall(one)) == len(heading.findall(other))


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for file in folder.glob("0*.md"):
        title = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        number, _, words = title.partition(" ")
        assert f"| [{number}]({file.name}) | {words} |" in index


@pytest.mark.parametrize(("file", "lang"), [("README.md", "en"), ("README.ja.md", "ja")])
def test_the_error_that_is_shown_is_the_one_that_comes(
    file: str, lang: Lang, tmp_path: Path
) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    (problem,) = load(lay_out(tmp_path, text.replace('code: "272027"', 'code: "272028"'))).problems
    said = f"{problem.path}: {problem.message.of(lang)}"
    (shown_there,) = re.findall(
        r"^tenants\.yaml:\d+:\d+: (.*)$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert shown_there == said
