"""A runbook as Markdown in one language: what the other forms are made of."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from moyai.runbook.commands import arguments
from moyai.runbook.lengths import Room
from moyai.runbook.model import Argument, Kind, Runbook, Step, Values
from moyai.runbook.templates import Verbatim, escaped, for_reading, sentence
from moyai.runbook.words import (
    ANSWERS,
    CLASSES,
    KINDS,
    TYPES,
    answer_stand_ins,
    duration,
    stand_ins,
)
from moyai.texts import Lang, Text


def markdown(runbook: Runbook, lang: Lang, values: Values | None = None) -> str:
    """The whole text; without values the parameters' names stand for them. Raises `TooLong`."""
    page, room = _Page(runbook, lang, values), Room()
    return "\n".join(room.take(line) for line in page.lines()).rstrip("\n") + "\n"


class _Page:
    def __init__(self, runbook: Runbook, lang: Lang, values: Values | None) -> None:
        self._runbook = runbook
        self._lang = lang
        self._values: Values = (
            stand_ins(runbook) if values is None else {**answer_stand_ins(runbook), **values}
        )

    def lines(self) -> Iterator[str]:
        yield f"# {self._sentence(self._runbook.title)}"
        yield ""
        yield self._sentence(self._runbook.purpose)
        yield ""
        yield from self._parameters()
        yield from self._preconditions()
        yield self._body()
        yield from self._undo_steps()

    def _body(self) -> str:
        numbers = {one.id: number for number, one in enumerate(self._runbook.steps, start=1)}
        steps = {one.id: one for one in self._runbook.steps}

        def step(name: str) -> Verbatim:
            return Verbatim("\n".join(self._step(steps[name], f"{numbers[name]}. ")))

        template = for_reading().from_string(self._runbook.body)
        return Room().filled(template, {**self._values, "lang": self._lang, "step": step})

    def _parameters(self) -> Iterator[str]:
        if not self._runbook.parameters:
            return
        yield f"## {self._say(Text('パラメーター', 'Parameters'))}"
        yield ""
        heads = (Text("名前", "Name"), Text("型", "Type"), Text("内容", "Meaning"))
        yield f"| {' | '.join(map(self._say, heads))} | {self._say(Text('省いたとき', 'If left out'))} |"
        yield "|---|---|---|---|"
        for name, one in self._runbook.parameters.items():
            type_ = self._say(TYPES[one.type])
            if one.choices:
                type_ = ", ".join(f"`{key}` {self._say(said)}" for key, said in one.choices.items())
            if one.many:
                type_ += self._say(Text("（いくつでも）", " (any number)"))
            out = self._say(Text("必須", "needed")) if one.required else self._default(one.default)
            yield f"| `{name}` | {type_} | {escaped(self._say(one.description))} | {out} |"
        yield ""

    def _default(self, default: object) -> str:
        if default is None or isinstance(default, bool):
            return self._say(Text("はい", "yes") if default else Text("なし", "none"))
        return f"`{default}`"

    def _preconditions(self) -> Iterator[str]:
        if not self._runbook.preconditions:
            return
        yield f"## {self._say(Text('始める前に', 'Before you begin'))}"
        yield ""
        for one in self._runbook.preconditions:
            yield f"- {self._sentence(one.title)}"
            if one.run:
                yield from (f"  {line}" for line in self._block(one.run))
            if one.expect is not None:
                yield f"  {self._expected(one.expect.text)}"
        yield ""

    def _undo_steps(self) -> Iterator[str]:
        if not self._runbook.undo_steps:
            return
        yield ""
        yield f"## {self._say(Text('元に戻す', 'Taking it back'))}"
        yield ""
        for one in self._runbook.undo_steps.values():
            yield from self._step(one, "", level=3)

    def _step(self, step: Step, number: str, level: int = 2) -> Iterator[str]:
        yield f"{'#' * level} {number}{self._sentence(step.title)}"
        yield ""
        yield f"*{self._manner(step)}*"
        yield ""
        if step.run:
            yield from self._block(step.run)
            yield ""
        if step.expect is not None:
            yield self._expected(step.expect.text)
            yield ""
        if step.ask is not None:
            yield f"> {self._sentence(step.ask)}"
            yield ""
            yield from self._answers(step)
        yield from self._undo(step)

    def _manner(self, step: Step) -> str:
        parts = [KINDS[step.kind], _up_to(step)]
        if step.kind in (Kind.COMMAND, Kind.OPERATION):
            parts.append(CLASSES[step.idempotency])
        if step.goes_on:
            parts.append(Text("成り立たなくても続ける", "goes on where it does not hold"))
        if step.approval:
            parts.append(
                Text(
                    "もう一人の承認（署名）が要る",
                    "needs the approval (signature) of a second person",
                )
            )
        return self._say(Text("・", " · ")).join(map(self._say, parts))

    def _answers(self, step: Step) -> Iterator[str]:
        assert step.answer is not None
        said = self._say(ANSWERS[step.answer.type])
        if step.answer.choices:
            pairs = step.answer.choices.items()
            said = ", ".join(f"`{key}` {escaped(self._say(words))}" for key, words in pairs)
        line = self._say(Text("答え: ", "Answer: ")) + said
        if step.answer.wanted is not None:
            line += self._say(
                Text(
                    f"（`{step.answer.wanted}` 以外なら、ここで止めます）",
                    f" (anything but `{step.answer.wanted}` stops here)",
                )
            )
        yield line
        yield ""

    def _undo(self, step: Step) -> Iterator[str]:
        titles = [self._sentence(self._runbook.undo_steps[name].title) for name in step.undo]
        if titles:
            yield self._say(Text("戻し方: ", "To take it back: ")) + " → ".join(titles)
            yield ""
        if step.no_undo is not None:
            yield self._say(Text("戻し方: ", "To take it back: ")) + self._sentence(step.no_undo)
            yield ""

    def _block(self, run: tuple[Argument, ...]) -> Iterator[str]:
        yield "```console"
        yield f"$ {shlex.join(arguments(run, self._values))}"
        yield "```"

    def _expected(self, condition: str) -> str:
        marks = "``" if "`" in condition else "`"
        return f"{self._say(Text('成り立つこと: ', 'Has to hold: '))}{marks}{condition}{marks}"

    def _sentence(self, text: Text) -> str:
        return escaped(sentence(text, self._values).of(self._lang))

    def _say(self, text: Text) -> str:
        return text.of(self._lang)


def _up_to(step: Step) -> Text:
    length = duration(step.timeout_seconds)
    if step.kind is Kind.QUESTION:
        return Text(f"{length.ja}まで待つ", f"waits up to {length.en}")
    return Text(f"{length.ja}まで", f"up to {length.en}")
