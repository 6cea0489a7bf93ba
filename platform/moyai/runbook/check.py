"""What can be wrong with a runbook whose shape is right: names, commands, steps, templates. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set

from jinja2 import TemplateSyntaxError, meta
from jinja2.sandbox import SandboxedEnvironment

from moyai.registry.paths import Path
from moyai.registry.problems import Problem, Reporter, at
from moyai.registry.words import not_known, one_line
from moyai.registry.yaml_tree import Place
from moyai.runbook.check_body import check_body
from moyai.runbook.check_commands import Commands, check_command
from moyai.runbook.check_parameters import CHOICES, odd
from moyai.runbook.check_shells import check_shells
from moyai.runbook.conditions import UnreadableCondition, parse
from moyai.runbook.file_model import FileArgument, FileRunbook, FileStep, FileText
from moyai.runbook.parameters import why_no_text
from moyai.runbook.templates import for_arguments, for_sentences, not_allowed, parsed
from moyai.texts import Text

__all__ = ["Commands", "check"]

RESERVED = frozenset({"lang", "each", "step", "site", "true", "false", "none", "and", "or", "not"})
"""Names that no parameter or answer can have; `site` is there always."""
_KEYS: Mapping[str, tuple[Set[str], Set[str]]] = {
    "command": (frozenset({"run"}), frozenset({"run"})),
    "operation": (frozenset({"operation"}), frozenset({"operation", "run"})),
    "question": (frozenset({"ask"}), frozenset({"ask", "answer"})),
    "check": (frozenset({"run", "expect"}), frozenset({"run", "expect"})),
}
"""Kind → keys that it needs, and all that it may have, of those that not every kind has."""
_CHANGES = frozenset({"command", "operation"})


def check(
    found: FileRunbook,
    reporter: Reporter,
    body: tuple[str, str, int],
    commands: Commands | None,
) -> tuple[Problem, ...]:
    """Add what is wrong with the front matter to `reporter`; what is wrong with the body.

    `body`: the file's name, the body's template, and the line with which it begins.
    """
    checker = _Checker(found, reporter, commands)
    checker.parameters()
    checker.steps()
    names = frozenset({*checker.names, "lang", "step"})
    file, template, line = body
    ids = [one.id for one in found.steps]
    return tuple(
        at(file, Place(line + place - 1, 1), message)
        for place, message in check_body(template, names, ids)
    )


class _Checker:
    """Walks a front matter; `names` are the values known so far, `maybe` those that may be missing."""

    def __init__(self, found: FileRunbook, reporter: Reporter, commands: Commands | None) -> None:
        self._found = found
        self._reporter = reporter
        self._commands = commands
        self.names = {"site", *found.parameters}
        self._maybe = {
            name
            for name, one in found.parameters.items()
            if not one.required and one.default is None and one.type != "flag"
        }
        self._lists = {name for name, one in found.parameters.items() if one.many}
        self._flags = {name for name, one in found.parameters.items() if one.type == "flag"}

    def parameters(self) -> None:
        """Reserved names, defaults and choices."""
        for name, one in self._found.parameters.items():
            path: Path = ("parameters", name)
            if name in RESERVED:
                self._reporter.error(path, _reserved(name), at_key=True)
            for message in odd(one, self._found.parameters):
                self._reporter.error(path, message, at_key=True)

    def steps(self) -> None:
        """Ids, kinds, undo, commands, conditions and templates, in the order of the run."""
        found = self._found
        for number, one in enumerate(found.preconditions):
            path: Path = ("preconditions", number)
            self._sentence((*path, "title"), one.title)
            if bool(one.run) != bool(one.expect):
                self._reporter.error(path, _TOGETHER)
            self._command(path, one.run, needs_json=one.expect is not None)
            self._condition(path, one.expect)
        self._ids()
        for number, step in enumerate(found.steps):
            self._step(("steps", number), step)
        for number, step in enumerate(found.undo_steps):
            self._step(("undo_steps", number), step, is_undo=True)

    def _ids(self) -> None:
        seen: set[str] = set()
        for part in ("steps", "undo_steps"):
            for number, step in enumerate(getattr(self._found, part)):
                if step.id in seen:
                    self._reporter.error((part, number, "id"), _twice(step.id))
                seen.add(step.id)

    def _step(self, path: Path, step: FileStep, *, is_undo: bool = False) -> None:
        self._keys(path, step)
        self._undo(path, step, is_undo)
        self._sentence((*path, "title"), step.title)
        if step.operation is not None and step.kind == "operation":
            operation = FileArgument.model_validate({"then": ["moyai", step.operation]})
            self._command(path, (operation, *step.run), shift=1)
        elif step.kind in ("command", "check"):
            self._command(path, step.run, needs_json=step.kind == "check")
        self._condition(path, step.expect)
        if step.ask is not None:
            self._sentence((*path, "ask"), step.ask)
        self._answer(path, step)

    def _keys(self, path: Path, step: FileStep) -> None:
        needed, allowed = _KEYS[step.kind]
        written = step.model_fields_set
        for key in sorted(needed):
            if key not in written or getattr(step, key) in (None, ()):
                self._reporter.error(path, _key_wanted(step.kind, key))
        for key in sorted((written & {"run", "operation", "expect", "ask", "answer"}) - allowed):
            self._reporter.error((*path, key), _key_unwanted(step.kind, key), at_key=True)
        if step.goes_on and step.kind != "check":
            self._reporter.error(
                (*path, "goes_on"), _key_unwanted(step.kind, "goes_on"), at_key=True
            )
        if step.kind in _CHANGES and step.idempotency is None:
            self._reporter.error(path, _key_wanted(step.kind, "idempotency"))

    def _undo(self, path: Path, step: FileStep, is_undo: bool) -> None:
        known = {one.id for one in self._found.undo_steps}
        for number, name in enumerate(step.undo):
            if name in step.undo[:number]:
                self._reporter.error((*path, "undo", number), _twice(name))
            if name not in known:
                message = not_known(name, known, "戻す手順", "undo step")
                self._reporter.error((*path, "undo", number), message)
        if is_undo or step.kind not in _CHANGES:
            if step.undo or (step.no_undo and is_undo):
                self._reporter.error(path, _NOTHING_TO_UNDO)
        elif bool(step.undo) == bool(step.no_undo):
            self._reporter.error(path, _UNDO_WANTED)

    def _command(
        self,
        path: Path,
        run: tuple[FileArgument, ...],
        *,
        needs_json: bool = False,
        shift: int = 0,
    ) -> None:
        for number, part in enumerate(run):
            here: Path = (*path, "run", number - shift)
            self._argument(here, part)
        if not run:
            return
        for number, message in check_command(run, self._commands, needs_json=needs_json):
            self._reporter.error((*path, "run", max(number - shift, 0)), message)
        for number, message in check_shells(run):
            self._reporter.error((*path, "run", max(number - shift, 0)), message)

    def _argument(self, path: Path, part: FileArgument) -> None:
        for key, name in (("if", part.if_), ("each", part.each)):
            if name is not None and name not in self.names:
                self._reporter.error((*path, key), self._unknown(name))
        if part.each is not None and part.each in self.names and part.each not in self._lists:
            self._reporter.error((*path, "each"), _no_list(part.each))
        for word in part.then:
            names = self._template(path, word, for_arguments())
            for name in sorted(names):
                self._value(path, part, name)

    def _value(self, path: Path, part: FileArgument, name: str) -> None:
        if name == "each" and part.each is not None:
            return
        if name not in self.names:
            self._reporter.error(path, self._unknown(name))
        elif name in self._flags or name in self._lists:
            self._reporter.error(path, _no_single(name))
        elif name in self._maybe and part.if_ != name:
            self._reporter.error(path, _may_be_missing(name))

    def _template(self, path: Path, words: str, environment: SandboxedEnvironment) -> Set[str]:
        try:
            tree = parsed(environment, words)
        except TemplateSyntaxError as error:
            self._reporter.error(path, bad_template(error))
            return frozenset()
        odd_part = not_allowed(tree)
        if odd_part is not None:
            self._reporter.error(path, odd_part[1])
            return frozenset()
        return meta.find_undeclared_variables(tree)

    def _sentence(self, path: Path, found: FileText) -> None:
        for lang in ("ja", "en"):
            names = self._template((*path, lang), getattr(found, lang), for_sentences())
            for name in sorted(names - self.names):
                self._reporter.error((*path, lang), self._unknown(name))

    def _condition(self, path: Path, expect: str | None) -> None:
        if expect is None:
            return
        try:
            found = parse(expect)
        except UnreadableCondition as error:
            self._reporter.error((*path, "expect"), error.reason)
            return
        if found.name is not None and found.name not in self.names:
            self._reporter.error((*path, "expect"), self._unknown(found.name))

    def _answer(self, path: Path, step: FileStep) -> None:
        answer = step.answer
        if answer is None or step.kind != "question":
            return
        here: Path = (*path, "answer")
        if (answer.type == "choice") != bool(answer.choices):
            self._reporter.error(here, CHOICES)
        allowed = {"yes-no": {"yes", "no"}, "choice": set(answer.choices)}.get(answer.type)
        if answer.wanted is not None and allowed is not None and answer.wanted not in allowed:
            message = not_known(answer.wanted, allowed, "答え", "answer")
            self._reporter.error((*here, "wanted"), message)
        if answer.wanted is not None and answer.type == "text" and why_no_text(answer.wanted):
            self._reporter.error((*here, "wanted"), _NEVER_GIVEN)
        if answer.bind is None:
            return
        if answer.bind in self.names or answer.bind in RESERVED:
            self._reporter.error((*here, "bind"), _reserved(answer.bind))
        self.names.add(answer.bind)

    def _unknown(self, name: str) -> Text:
        return not_known(name, self.names, "値", "value")


def bad_template(error: TemplateSyntaxError) -> Text:
    """Jinja2's own words, in a sentence."""
    why = one_line(error.message or "", 200)
    return Text(f"テンプレートが読めません: {why}", f"the template cannot be read: {why}")


def _reserved(name: str) -> Text:
    return Text(f"名前 {name} はほかで使っています", f"the name {name} is in use already")


def _twice(name: str) -> Text:
    return Text(f"id「{name}」が二つあります", f"the id '{name}' is there twice")


def _key_wanted(kind: str, key: str) -> Text:
    return Text(f"{kind} の手順には {key} が要ります", f"a step of the kind {kind} needs {key}")


def _key_unwanted(kind: str, key: str) -> Text:
    return Text(f"{kind} の手順に {key} は書けません", f"a step of the kind {kind} has no {key}")


def _no_list(name: str) -> Text:
    return Text(f"{name} は many ではありません", f"{name} is not a parameter with many")


def _no_single(name: str) -> Text:
    return Text(
        f"{name} は引数にできません（フラグは if、many は each で使います）",
        f"{name} is no single argument: use `if` with a flag, `each` with many",
    )


def _may_be_missing(name: str) -> Text:
    return Text(
        f"{name} は与えられないことがあります（if: {name} の中で使ってください）",
        f"{name} may be missing: use it below `if: {name}`",
    )


_NEVER_GIVEN = Text("この答えはだれにもできません", "nobody can give this answer")
_TOGETHER = Text("run と expect は両方書きます", "run and expect go together")
_NOTHING_TO_UNDO = Text(
    "戻す手順は、コマンドと一斉作業の手順にだけ書きます",
    "only commands and operations have something to undo",
)
_UNDO_WANTED = Text(
    "戻し方（undo）か、戻さない理由（no_undo）の、どちらか一方が要ります",
    "either undo or, with the reason, no_undo is needed",
)
