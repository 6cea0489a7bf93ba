"""What is said of kinds, classes and types of a runbook, and how values stand where none were given."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.runbook.model import AnswerType, Idempotency, Kind, Runbook, Type, Value
from moyai.texts import Text

KINDS: Mapping[Kind, Text] = {
    Kind.COMMAND: Text("コマンド", "Command"),
    Kind.OPERATION: Text("一斉作業", "Operation"),
    Kind.QUESTION: Text("人への質問", "Question to a person"),
    Kind.CHECK: Text("点検", "Check"),
}
CLASSES: Mapping[Idempotency, Text] = {
    Idempotency.SAFE: Text("いつでもやり直せる", "safe to do again"),
    Idempotency.RESUMES: Text("やり直すと続きから行う", "goes on where it was when done again"),
    Idempotency.ONCE: Text("やり直す前に人に確かめる", "asks a person before it is done again"),
}
TYPES: Mapping[Type, Text] = {
    Type.TEXT: Text("文字列", "text"),
    Type.CODE: Text("団体（コード・英字名・名称）", "body (code, slug or name)"),
    Type.SELECTOR: Text("団体の選択式", "selector of bodies"),
    Type.SERVICE: Text("サービス", "service"),
    Type.RELEASE: Text("リリース", "release"),
    Type.OPERATOR: Text("担当者のメールアドレス", "operator's e-mail address"),
    Type.DATE: Text("日付", "date"),
    Type.MONTH: Text("月", "month"),
    Type.INTEGER: Text("整数", "whole number"),
    Type.CHOICE: Text("選択肢", "choice"),
    Type.FLAG: Text("はい・いいえ", "yes or no"),
}
ANSWERS: Mapping[AnswerType, Text] = {
    AnswerType.YES_NO: Text("はい・いいえ", "yes or no"),
    AnswerType.TEXT: Text("文字列", "text"),
    AnswerType.CHOICE: Text("選択肢", "choice"),
}


def duration(seconds: int) -> Text:
    """A length of time in the largest unit in which it is whole."""
    for size, ja, en in ((86_400, "日", "d"), (3_600, "時間", "h"), (60, "分", "min")):
        if seconds % size == 0:
            return Text(f"{seconds // size} {ja}", f"{seconds // size} {en}")
    return Text(f"{seconds} 秒", f"{seconds} s")


def stand_ins(runbook: Runbook) -> dict[str, Value]:
    """Values for a runbook that is read without any: defaults, else the name in capitals, `BODY`."""
    found: dict[str, Value] = {"site": "SITE"}
    for name, one in runbook.parameters.items():
        word = name.upper()
        if one.type is Type.FLAG:
            found[name] = bool(one.default)
        elif one.many:
            found[name] = (word,)
        else:
            found[name] = word if one.default is None else one.default
    return found | answer_stand_ins(runbook)


def answer_stand_ins(runbook: Runbook) -> dict[str, Value]:
    """Stand-ins for answers that are not given yet."""
    answers = [one.answer for one in runbook.steps if one.answer is not None]
    return {one.bind: one.bind.upper() for one in answers if one.bind is not None}
