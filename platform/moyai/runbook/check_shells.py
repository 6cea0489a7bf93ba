"""Whether values in a command can be taken for anything but words. Pure.

Of programs other than `moyai`, a value is an argument of its own: many of them hand parts of an argument to a
shell (`git -c alias.x=!…`, `tar --checkpoint-action=exec=…`), and no list of those would be whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes

from moyai.runbook.check_commands import MOYAI
from moyai.runbook.file_model import FileArgument
from moyai.runbook.shell_text import why_unsafe
from moyai.runbook.shells import Reader, name_of, readings
from moyai.runbook.templates import for_arguments, not_allowed, parsed
from moyai.texts import Text


def check_shells(run: tuple[FileArgument, ...]) -> Iterator[tuple[int, Text]]:
    """What cannot be made safe: the place of its argument, and why."""
    words = [(number, word) for number, part in enumerate(run) for word in part.then]
    if words[0][1] == MOYAI and not any(word == "psql" for _, word in words):
        return
    try:
        trees = [parsed(for_arguments(), word) for _, word in words]
    except TemplateSyntaxError:
        return  # said of the template itself
    if any(not_allowed(one) is not None for one in trees):
        return  # said of it, too
    valued = [_is_template(one) for one in trees]
    if not any(valued):
        return
    found = readings([word for _, word in words])
    for i, (number, _) in enumerate(words):
        if i > 0 and valued[i]:
            if found.of[i] is not Reader.PROGRAM:
                yield number, _READ_AS_PROGRAM
            elif not _is_one_value(trees[i]):
                yield number, _ALONE
    for number in {words[i][0] for i in range(1, found.fixed)}:
        if run[number].if_ is not None or run[number].each is not None:
            yield number, _ALWAYS
    if not found.text:
        return
    given = words[: found.text.start]
    # What these are given comes to the text, too, within names of files.
    first = (
        0 if any(name_of(word) in ("find", "fd", "xargs") for _, word in given) else found.text.stop
    )
    if not any(valued[first:]):
        return
    why = why_unsafe(" ".join(words[i][1] for i in found.text))
    if why is not None:
        yield words[found.text.start][0], why


def _is_template(tree: nodes.Template) -> bool:
    return any(not isinstance(one, nodes.TemplateData) for one in _parts(tree))


def _is_one_value(tree: nodes.Template) -> bool:
    return [type(one) for one in _parts(tree)] == [nodes.Name]


def _parts(tree: nodes.Template) -> list[nodes.Node]:
    """A template's own words, its values, and its choices."""
    return [
        part
        for one in tree.body
        for part in (one.nodes if isinstance(one, nodes.Output) else [one])
    ]


_READ_AS_PROGRAM = Text(
    "ここの値はシェルなどにプログラムかオプションとして読まれます（プログラムのあとの引数にしてください）",
    "a value here would be read as a program or an option: give it as an argument after the program",
)
_ALONE = Text(
    'moyai 以外のプログラムでは、値はそれだけで一つの引数にします（"{{ 名前 }}"。ほかの文字と混ぜません）',
    'of programs other than moyai, a value is an argument of its own: "{{ name }}", with nothing else in it',
)
_ALWAYS = Text(
    "シェルなどが読む引数までは if や each の中に書けません",
    "up to what a shell or an interpreter reads, arguments cannot be below `if` or `each`",
)
