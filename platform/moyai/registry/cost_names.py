"""What names in `cost_sharing` mean: bodies by their codes, old ones too; and how its numbers are said."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact
from fractions import Fraction

from moyai.registry.codes import national_list
from moyai.registry.file_model import TenantFile
from moyai.registry.parts import Parts
from moyai.registry.paths import Path
from moyai.registry.problems import Reporter
from moyai.registry.words import not_known, one_line
from moyai.texts import Text

_EXACT = Context(prec=60, traps=[Inexact])


class BodyCodes:
    """The bodies of a file by code and former code."""

    def __init__(self, bodies: Iterable[TenantFile]) -> None:
        self._codes: dict[str, str] = {}
        self._by_other_words: dict[str, TenantFile] = {}
        for body in bodies:
            for word in (body.code, *body.former_codes):
                self._codes.setdefault(word, body.code)
            for word in (body.slug, body.name):
                self._by_other_words.setdefault(word, body)

    def code(self, word: str) -> str | None:
        """The present code of the body with this code or former code."""
        return self._codes.get(word)

    def why_none(self, word: str) -> Text:
        """Why a word is no body's code, with the code that was rather meant."""
        body = self._by_other_words.get(word)
        listed = national_list().get(word)
        if body is None and listed is not None:
            return Text(
                f"{word}（{listed.name}）は、このファイルの団体ではありません",
                f"{word} ({listed.name}) is no body of this file",
            )
        if body is None:
            return not_known(word, self._codes, "団体", "body")
        name = one_line(word)
        return Text(
            f"コードで書きます（「{name}」は {body.code}）",
            f"bodies are named by their codes: '{name}' is {body.code}",
        )


class NameChecks:
    """Reports names that mean nothing in a file."""

    def __init__(self, parts: Parts, reporter: Reporter) -> None:
        self._services = parts.services
        self._reporter = reporter
        self._codes = BodyCodes(parts.tenants.values())
        # where a body's code could not be read, that there is none of a code proves nothing
        self._all_known = not reporter.is_muted(("tenants",)) and not any(
            reporter.is_muted(("tenants", i, key))
            for i in parts.tenants
            for key in ("code", "former_codes")
        )

    def present(self, word: str | None) -> str | None:
        """The present code of a body's code or former code; any other word as it is."""
        return None if word is None else self._codes.code(word) or word

    def body(self, word: str | None, path: Path, *, at_key: bool = False) -> None:
        """Report a code that no body has."""
        if word is not None and self._all_known and self._codes.code(word) is None:
            self._reporter.error(path, self._codes.why_none(word), at_key=at_key)

    def bodies(self, words: Iterable[str], path: Path) -> None:
        """Report keys of a mapping that are no body's code, and two that are one body's."""
        first: dict[str, str] = {}
        for word in words:
            self.body(word, (*path, word), at_key=True)
            code = self._codes.code(word)
            if code is not None and first.setdefault(code, word) != word:
                self._reporter.error(
                    (*path, word),
                    Text(
                        f"{first[code]} と同じ団体です（合併などの前のコード）",
                        f"it is the same body as {first[code]}, by a code before a merger",
                    ),
                    at_key=True,
                )

    def service(self, name: str | None, path: Path) -> None:
        """Report a service that the file does not have."""
        if name is None or name in self._services or self._reporter.is_muted(("services",)):
            return
        self._reporter.error(path, not_known(name, self._services, "サービス", "service"))


def said(number: Fraction) -> str:
    """A number ≥ 0 as people write it: `33.3`; `99 2/3` where its decimals have no end."""
    try:
        found = _EXACT.divide(Decimal(number.numerator), Decimal(number.denominator))
    except Inexact:
        whole, part = divmod(number, 1)
        return f"{whole} {part}" if whole else str(part)
    return format(found, "f")
