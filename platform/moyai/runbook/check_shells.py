"""Whether values in a command can be taken for anything but words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinja2 import TemplateSyntaxError, nodes

from moyai.runbook.file_model import FileArgument
from moyai.runbook.shell_text import VALUE, why_unsafe
from moyai.runbook.shells import Reader, Readings, readings
from moyai.runbook.templates import for_arguments, parsed
from moyai.texts import Text


def check_shells(run: tuple[FileArgument, ...]) -> Iterator[tuple[int, Text]]:
    """What cannot be made safe: the place of its argument, and why."""
    words = [(number, word) for number, part in enumerate(run) for word in part.then]
    try:
        for _, word in words:
            parsed(for_arguments(), word)
        pieces = [_pieces(word) for _, word in words]
    except TemplateSyntaxError:
        return  # said of the template itself
    found = readings([word for _, word in words])
    read = [i for i, one in enumerate(found.of) if one is not Reader.PROGRAM]
    if not any(
        VALUE in one or _has_choice(word) for one, (_, word) in zip(pieces, words, strict=True)
    ):
        return
    for i in read:
        number, word = words[i]
        if found.of[i] is Reader.CODE and i > 0 and VALUE in pieces[i]:
            yield number, _READ_AS_PROGRAM
        elif _has_choice(word):
            yield number, _NO_CHOICE
    for i in range(found.fixed):
        number = words[i][0]
        if i > 0 and (run[number].if_ is not None or run[number].each is not None):
            yield number, _ALWAYS
    yield from _text(found, words, pieces)


def _text(
    found: Readings, words: Sequence[tuple[int, str]], pieces: Sequence[Sequence[str | None]]
) -> Iterator[tuple[int, Text]]:
    if not found.text:
        return
    whole = [piece for i in found.text for piece in (*pieces[i], " ")]
    after = any(VALUE in one for one in pieces[found.text.stop :])
    why = why_unsafe(whole, has_arguments=after)
    if why is not None:
        yield words[found.text.start][0], why


def _pieces(word: str) -> list[str | None]:
    """A template's own words, and where its values stand between them."""
    found: list[str | None] = []
    for output in for_arguments().parse(word).find_all(nodes.Output):
        for one in output.nodes:
            found.append(one.data if isinstance(one, nodes.TemplateData) else VALUE)
    return found


def _has_choice(word: str) -> bool:
    return next(for_arguments().parse(word).find_all(nodes.If), None) is not None


_READ_AS_PROGRAM = Text(
    "ここの値はプログラムかオプションとして読まれます（プログラムのあとの引数にしてください）",
    "a value here would be read as a program or an option: give it as an argument after the program",
)
_NO_CHOICE = Text(
    "シェルなどが読む引数に {% if %} は使えません",
    "what a shell or an interpreter reads cannot have {% if %}",
)
_ALWAYS = Text(
    "シェルなどが読む引数までは if や each の中に書けません",
    "up to what a shell or an interpreter reads, arguments cannot be below `if` or `each`",
)
