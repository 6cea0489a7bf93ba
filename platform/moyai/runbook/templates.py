"""Jinja2 for runbooks: sandboxed, with nothing undefined, and nothing of a value read as more than words.

What people read has both languages in one source: `{% ja %}…{% en %}…{% endlang %}`. Values in it are escaped
for Markdown; in blocks of commands they are quoted for the shell by `| sh`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes, select_autoescape
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from moyai.texts import Text

_MARKS = re.compile(r"([\\`*_\[\]<>|&])")
_AT_START = re.compile(r"\A([0-9]*)([#+=.):~-])")
"""What makes a heading, a list, a rule or a fence of a line that it begins."""


_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Concat,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
)
_COMPARISONS = frozenset({"eq", "ne"})
FILTERS = frozenset({"sh", "upper", "lower"})
_MOST_PARTS = 5_000
"""Values, words and choices of one template: it bounds how long its text can become."""
_LARGE = 10**15
_TOO_LONG = Text(
    f"テンプレートが長すぎます（値や if は合わせて {_MOST_PARTS} まで）",
    f"the template is too long: it can have {_MOST_PARTS} values, choices and words between them",
)
_ONE_FILTER = Text(
    "値に付けられるフィルターは一つまでです",
    "a value has one filter at most",
)


class NoArgument(Exception):
    """A value that cannot be an argument; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Verbatim(str):
    """Markdown of our own making, which is not escaped again."""

    __slots__ = ()


class Languages(Extension):
    """`{% ja %}…{% en %}…{% endlang %}`: both have to be there."""

    tags = {"ja"}  # noqa: RUF012 - the extension's interface

    def parse(self, parser: Parser) -> nodes.Node:
        """The part for the language `lang`."""
        line = next(parser.stream).lineno
        japanese = parser.parse_statements(("name:en",), drop_needle=True)
        english = parser.parse_statements(("name:endlang",), drop_needle=True)
        ours = [nodes.Operand("eq", nodes.Const("ja", lineno=line), lineno=line)]
        is_japanese = nodes.Compare(nodes.Name("lang", "load", lineno=line), ours, lineno=line)
        return nodes.If(is_japanese, japanese, [], english, lineno=line)


def parsed(environment: SandboxedEnvironment, words: str) -> nodes.Template:
    """A template that can be used, unless `not_allowed` says something of it: then nothing of it was computed.

    Raises `TemplateSyntaxError`, also where it is too large or nested too deeply.
    """
    try:
        tree = environment.parse(words)
        if not_allowed(tree) is None:
            environment.compile(environment.parse(words))
    except (RecursionError, SyntaxError):
        raise TemplateSyntaxError("it is nested too deeply", 1) from None
    except MemoryError:
        raise TemplateSyntaxError(
            "there is not enough memory for it: it is too large or nested too deeply", 1
        ) from None
    except ValueError:
        raise TemplateSyntaxError("a number in it is too long", 1) from None
    return tree


def not_allowed(tree: nodes.Template) -> tuple[int, Text] | None:
    """The line of the first thing that a template of a runbook may not have, and why; None: all is fine.

    Values, `if` with `==` and `!=`, three filters and `step(…)`: what was checked cannot fail when it is used,
    and its length is bounded by its own words and its values: no filter is applied to what came of another, as
    quoting quotes again and again triples them. Jinja2 computes what is constant already where it
    compiles or looks for names: ask this first.
    """
    line = 1
    for number, one in enumerate(tree.find_all(nodes.Node)):
        line = _line(one) or line
        if number >= _MOST_PARTS:
            return line, _TOO_LONG
        if not _is_allowed(one):
            name, filters = type(one).__name__, ", ".join(sorted(FILTERS))
            return line, Text(
                f"テンプレートで使えるのは値、if、==、!=、{filters} だけです（{name} がありました）",
                f"templates have values, if, == and !=, and {filters} only, not {name}",
            )
        if isinstance(one, nodes.Filter) and one.find(nodes.Filter) is not None:
            return line, _ONE_FILTER
    return None


def _line(one: nodes.Node) -> int | None:
    """Its own line, or that of the first part of it that has one: Jinja2 gives a scope none."""
    lines: list[int | None] = [one.lineno]
    if isinstance(one, nodes.Scope):
        lines += [part.lineno for part in one.find_all(nodes.Node)]
    return next((line for line in lines if line is not None), None)


def _is_allowed(one: nodes.Node) -> bool:
    if isinstance(one, nodes.Filter):
        return one.name in FILTERS and not one.args and not one.kwargs
    if isinstance(one, nodes.Call):
        return isinstance(one.node, nodes.Name) and one.node.name == "step"
    if isinstance(one, nodes.Const):
        return not isinstance(one.value, (int, float)) or abs(one.value) < _LARGE
    if isinstance(one, nodes.Operand):
        return one.op in _COMPARISONS
    return isinstance(one, (*_ALLOWED, nodes.Compare)) and getattr(one, "ctx", "load") == "load"


def _for_shell(value: object) -> Verbatim:
    return Verbatim(shlex.join(map(str, value) if isinstance(value, tuple) else [str(value)]))


def _for_reading(value: object) -> str:
    if isinstance(value, Verbatim):
        return value
    return escaped(_words(value))


def _words(value: object) -> str:
    """A value for people; what was not given is a dash."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def escaped(words: str) -> str:
    """Words as Markdown that shows them and does nothing else."""
    return _AT_START.sub(r"\1\\\2", _MARKS.sub(r"\\\1", " ".join(words.split())))


def _as_argument(value: object) -> str:
    if isinstance(value, (date, Undefined)):
        return str(value)  # of what is undefined, this raises that it is
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise NoArgument(
            Text("引数にできない値です（空、はい/いいえ、リスト）", "no argument can be made of it")
        )
    return str(value)


@lru_cache(maxsize=4)
def _environment(finalize: Callable[[object], str]) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        extensions=[Languages],
        finalize=finalize,
        optimized=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # No HTML comes of it: `finalize` escapes for Markdown.
        autoescape=select_autoescape((), default_for_string=False),
    )
    environment.globals.clear()
    environment.filters["sh"] = _for_shell
    return environment


def for_reading() -> SandboxedEnvironment:
    """For what people read: Markdown."""
    return _environment(_for_reading)


def for_arguments() -> SandboxedEnvironment:
    """For arguments: a template becomes one argument, whatever its values are."""
    return _environment(_as_argument)


def for_sentences() -> SandboxedEnvironment:
    """For sentences that are shown as they are: titles and questions."""
    return _environment(_as_sentence)


def _as_sentence(value: object) -> str:
    return " ".join(_words(value).split())


def sentence(text: Text, values: Mapping[str, object]) -> Text:
    """A title or question with values in it."""
    environment = for_sentences()
    return Text(
        environment.from_string(text.ja).render(values, lang="ja"),
        environment.from_string(text.en).render(values, lang="en"),
    )
