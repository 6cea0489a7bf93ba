"""Reading `runbooks/*.md.j2`: front matter in YAML, then what people read as a template; all errors at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from moyai.errors import NOTHING_TOUCHED, ExitCode, MoyaiError, UsageError
from moyai.registry.given_files import read_given
from moyai.registry.problems import Problem, Reporter, at
from moyai.registry.shape_errors import report_shape
from moyai.registry.words import not_known
from moyai.registry.yaml_tree import Place, UnreadableYaml
from moyai.registry.yaml_tree import read as read_yaml
from moyai.runbook.build import build
from moyai.runbook.check import Commands, check
from moyai.runbook.file_model import FileRunbook
from moyai.runbook.model import Runbook
from moyai.texts import Text, counted

SUFFIX = ".md.j2"
FENCE = "---\n"
_MOST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file came to. `runbook` is None exactly where there are problems."""

    file: str
    runbook: Runbook | None
    problems: tuple[Problem, ...]


class RunbookError(MoyaiError):
    """Runbooks that are not valid; `problems` has everything that is wrong with them."""

    exit_code = ExitCode.REGISTRY

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        number = len(self.problems)
        super().__init__(
            Text(
                "\n".join(one.render("ja") for one in problems),
                "\n".join(one.render("en") for one in problems),
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                f"誤りは {number} 件です。直してから moyai runbook check で確かめてください。",
                f"{counted(number, 'error', 'errors')}; look with moyai runbook check when mended.",
            ),
        )


def read(file: str, content: bytes, commands: Commands | None = None) -> Loaded:
    """Read a runbook's content. `commands`: those that `moyai` has; None: they are not looked at."""
    try:
        return _read(file, content, commands)
    except Exception as error:
        # Whatever it is that one runbook runs into, it must not take those beside it along.
        kind = type(error).__name__
        message = Text(f"この手順書は読めません（{kind}）", f"this runbook cannot be read ({kind})")
        return Loaded(file, None, (at(file, Place(1, 1), message),))


def _read(file: str, content: bytes, commands: Commands | None) -> Loaded:
    split = _split(file, content)
    if isinstance(split, Problem):
        return Loaded(file, None, (split,))
    front, body, line = split
    try:
        tree = read_yaml(front)
    except UnreadableYaml as error:
        return Loaded(file, None, (at(file, error.place, error.reason),))
    reporter = Reporter(file, tree)
    try:
        found = FileRunbook.model_validate(tree.value)
    except ValidationError as error:
        report_shape(reporter, error.errors(include_url=False), FileRunbook)
        return Loaded(file, None, reporter.ordered())
    wrong = check(found, reporter, (file, body, line), commands)
    problems = (*reporter.ordered(), *wrong)
    if problems:
        return Loaded(file, None, problems)
    return Loaded(file, build(found, body, file, hashlib.sha256(content).hexdigest()), ())


def _split(file: str, content: bytes) -> tuple[bytes, str, int] | Problem:
    """Front matter, body, and the file's line with which the body begins."""
    if len(content) > _MOST_BYTES:
        return at(
            file, Place(1, 1), Text("ファイルが大きすぎます", "the file is too large for a runbook")
        )
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return at(file, Place(1, 1), Text("UTF-8 ではありません", "this is not UTF-8"))
    end = text.find("\n" + FENCE, len(FENCE) - 1) if text.startswith(FENCE) else -1
    if end < 0:
        return at(
            file,
            Place(1, 1),
            Text(
                "--- の行で始まり --- の行で終わる前書きがありません",
                "it has no front matter between two lines ---",
            ),
        )
    front, body = text[: end + 1], text[end + 1 + len(FENCE) :]
    return front.encode(), body, front.count("\n") + 2


def load(path: Path, commands: Commands | None = None) -> Loaded:
    """Read a runbook's file. Raises `UsageError` where it cannot be read at all."""
    loaded = read(path.name, read_given(path, _MOST_BYTES), commands)
    found = loaded.runbook
    if found is not None and path.name != found.name + SUFFIX:
        message = Text(
            f"名前がファイル名と合いません（{found.name}{SUFFIX} のはずです）",
            f"the name is not the file's: that would be {found.name}{SUFFIX}",
        )
        return Loaded(path.name, None, (Problem(path.name, 1, 1, "name", message),))
    return loaded


def catalogue(folder: Path) -> Mapping[str, Path]:
    """Name → file of each runbook in a folder; empty where there is no such folder."""
    files = sorted(folder.glob("*" + SUFFIX))
    return {path.name.removesuffix(SUFFIX): path for path in files if path.is_file()}


def require(folder: Path, name: str, commands: Commands | None = None) -> Runbook:
    """The valid runbook of a name. Raises `UsageError` with the nearest name, `RunbookError`."""
    found = catalogue(folder)
    if name not in found:
        message = not_known(name, found, "手順書", "runbook")
        raise UsageError(
            Text(f"{message.ja}。", f"{message.en}"),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "moyai runbook list で一覧が見られます。", "moyai runbook list shows all runbooks."
            ),
        )
    loaded = load(found[name], commands)
    if loaded.runbook is None:
        raise RunbookError(loaded.problems)
    return loaded.runbook
