"""What is wrong with a file: each problem with its place, its path and its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moyai.errors import NOTHING_TOUCHED, ExitCode, MoyaiError
from moyai.registry.models import Severity
from moyai.registry.paths import Path
from moyai.registry.words import one_line
from moyai.registry.yaml_tree import Place, Tree
from moyai.texts import Lang, Text, counted

_SHOWN = 200
"""Problems that an error's own message shows."""
MOST = 5_000
"""Problems of one file that are kept; a file with more is broken as a whole."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    path: str
    """As people read it: `tenants[271004].lgwan[0]`."""
    message: Text
    severity: Severity = "error"

    def render(self, lang: Lang) -> str:
        """`tenants.yaml:12:5: tenants[271004].lgwan[0]: reason`."""
        path = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}:{self.column}: {path}{self.message.of(lang)}"


class RegistryError(MoyaiError):
    """The file is not valid; `problems` has all errors and warnings."""

    exit_code = ExitCode.REGISTRY

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        errors = [problem for problem in problems if problem.severity == "error"]
        shown = errors[:_SHOWN]
        more = len(errors) - len(shown)
        super().__init__(
            Text(
                "\n".join(
                    [one.render("ja") for one in shown] + ([f"ほか {more} 件"] if more else [])
                ),
                "\n".join([one.render("en") for one in shown] + ([f"{more} more"] if more else [])),
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                f"誤りは {len(errors)} 件です。直してから moyai validate で確かめてください。",
                f"{counted(len(errors), 'error', 'errors')}; look with moyai validate when mended.",
            ),
        )


class Reporter:
    """Collects the problems of one file; paths are turned into places and readable words.

    A muted path says nothing more, nor does anything below it: its value is a stand-in for one that
    was already found wrong, so that the rest can still be checked.
    """

    def __init__(self, file: str, tree: Tree) -> None:
        self._file = file
        self._tree = tree
        self._seen: set[tuple[Path, str]] = set()
        self._muted: set[Path] = set()
        self._above_muted: set[Path] = set()
        self._left_out = 0
        self._failed = bool(tree.flaws)
        self._problems = [at(file, flaw.place, flaw.reason) for flaw in tree.flaws[:MOST]]

    def error(self, path: Path, message: Text, *, at_key: bool = False) -> None:
        """An error at a path."""
        self._add(path, message, "error", at_key)

    def warning(self, path: Path, message: Text, *, at_key: bool = False) -> None:
        """A warning at a path."""
        self._add(path, message, "warning", at_key)

    def mute(self, path: Path) -> None:
        """Say nothing more about a path and what is below it."""
        self._muted.add(path)
        self._above_muted |= {path[:length] for length in range(len(path) + 1)}

    def is_muted(self, path: Path) -> bool:
        """Whether a path, or one above it, is muted."""
        return bool(self._muted) and any(
            path[:length] in self._muted for length in range(1, len(path) + 1)
        )

    def is_muted_below(self, path: Path) -> bool:
        """Whether anything below a path is muted: then its absence proves nothing."""
        return path in self._above_muted

    def line(self, path: Path) -> int:
        """The line of a path's value."""
        return self._tree.place(path).line

    def is_plain(self, path: Path) -> bool:
        """Whether a path's value is written without quotes."""
        return self._tree.is_plain(path)

    def _add(self, path: Path, message: Text, severity: Severity, at_key: bool) -> None:
        if self.is_muted(path) or (path, message.en) in self._seen:
            return
        self._seen.add((path, message.en))
        self._failed = self._failed or severity == "error"
        if len(self._problems) >= MOST:
            self._left_out += 1
            return
        self._problems.append(self.problem(path, message, severity, at_key=at_key))

    def problem(
        self, path: Path, message: Text, severity: Severity, *, at_key: bool = False
    ) -> Problem:
        """A problem at a path that is not collected with the others."""
        place = self._tree.key_place(path) if at_key else self._tree.place(path)
        words = readable(self._tree.value, path)
        return Problem(self._file, place.line, place.column, words, message, severity)

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return self._failed

    def ordered(self) -> tuple[Problem, ...]:
        """In the file's order; how many were left out comes last."""
        found = sorted(self._problems, key=lambda p: (p.line, p.column, p.path))
        if self._left_out:
            last = found[-1]
            more = Text(
                f"ほかに {self._left_out} 件あります",
                f"{counted(self._left_out, 'more is', 'more are')} left out",
            )
            found.append(Problem(self._file, last.line, last.column, "", more))
        return tuple(found)


def at(file: str, place: Place, message: Text) -> Problem:
    """An error of the file itself, which has no path."""
    return Problem(file, place.line, place.column, "", message)


def readable(root: object, path: Iterable[str | int]) -> str:
    """A path for people: bodies by their code, other items of lists by their number."""
    words = ""
    value = root
    for step in path:
        if isinstance(step, int):
            inner = value[step] if isinstance(value, list) and step < len(value) else None
            label = _label(inner) if words == "tenants" else None
            words += f"[{step if label is None else label}]"
            value = inner
        else:
            name = one_line(str(step))
            words += f".{name}" if words else name
            value = value.get(step) if isinstance(value, Mapping) else None
    return words


def _label(body: object) -> str | None:
    if not isinstance(body, Mapping):
        return None
    label = body.get("code") or body.get("slug")
    return one_line(str(label)) if isinstance(label, (str, int)) else None
