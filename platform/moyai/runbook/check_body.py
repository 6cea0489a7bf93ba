"""What can be wrong with what people read of a runbook. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

from jinja2 import TemplateSyntaxError, meta, nodes

from moyai.registry.words import not_known, one_line
from moyai.runbook.templates import for_reading, not_allowed, parsed
from moyai.texts import Text

_BLOCK = re.compile(r"^(```+|~~~+)[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_VALUE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_QUOTED = re.compile(r"\|\s*sh\s*-?\Z")


def check_body(template: str, names: Set[str], steps: Sequence[str]) -> Iterator[tuple[int, Text]]:
    """Each fault with its line, counted from 1: templates, names, steps that are not shown once in order."""
    environment = for_reading()
    try:
        tree = parsed(environment, template)
    except TemplateSyntaxError as error:
        why = one_line(error.message or "", 200)
        yield (
            error.lineno,
            Text(f"テンプレートが読めません: {why}", f"the template cannot be read: {why}"),
        )
        return
    odd_part = not_allowed(tree)
    if odd_part is not None:
        yield odd_part
        return
    for name in sorted(meta.find_undeclared_variables(tree) - names):
        yield _line_of(tree, name), not_known(name, names, "値", "value")
    yield from _unquoted(template)
    yield from _shown(tree, steps)


def _line_of(tree: nodes.Template, name: str) -> int:
    return next((one.lineno for one in tree.find_all(nodes.Name) if one.name == name), 1)


def _unquoted(template: str) -> Iterator[tuple[int, Text]]:
    """Values in blocks of commands that are not quoted for the shell."""
    for block in _BLOCK.finditer(template):
        for value in _VALUE.finditer(block[2]):
            if not _QUOTED.search(value[1].rstrip()):
                at = block.start(2) + value.start()
                yield (
                    template.count("\n", 0, at) + 1,
                    Text(
                        "コマンドの中の値には | sh を付けます",
                        "a value in a block of commands needs | sh",
                    ),
                )


def _shown(tree: nodes.Template, steps: Sequence[str]) -> Iterator[tuple[int, Text]]:
    shown: list[str] = []
    for call in tree.find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name != "step":
            continue
        names = [one.value for one in call.args if isinstance(one, nodes.Const)]
        if len(names) != 1 or call.kwargs or not isinstance(names[0], str):
            yield call.lineno, Text('step("id") の形で書きます', 'it is written step("id")')
        elif names[0] not in steps:
            yield call.lineno, not_known(names[0], steps, "手順", "step")
        else:
            shown.append(names[0])
    if shown != list(steps):
        yield (
            1,
            Text(
                f"本文は各手順を、前書きの順に一度ずつ step(…) で示します（{', '.join(steps)}）",
                f"the text shows each step once, in this order, with step(…): {', '.join(steps)}",
            ),
        )
