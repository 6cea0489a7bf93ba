"""Checks of `operations`: waves, selectors, who is told; and of the approvers of bodies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from moyai.registry.check_bodies import doubled
from moyai.registry.operation_file import NotificationsFile, OperationsFile, SmtpFile, WaveFile
from moyai.registry.operation_settings import Event
from moyai.registry.parts import Parts
from moyai.registry.paths import Path
from moyai.registry.problems import Reporter
from moyai.registry.selector import UnreadableSelector, parse, words
from moyai.registry.selector_words import Vocabulary, why_unreadable
from moyai.registry.ssh_keys import why_unfit
from moyai.texts import Text

_ROOT: Path = ("operations",)
_WAVES: Path = (*_ROOT, "waves")
_NOTICES: Path = (*_ROOT, "notifications")


def check_operations(parts: Parts, known: Vocabulary, reporter: Reporter) -> None:
    """Report what is wrong with how operations go. `known` is what selectors can name.

    A selector may mean nobody, also by a tag that no body has: such a wave is empty.
    """
    _approvers(parts, reporter)
    file = parts.operations
    if file is None:
        return
    if file.waves is not None:
        _waves(file.waves, reporter)
    _selectors(file, known, reporter)
    _notifications(file.notifications, reporter)


def _approvers(parts: Parts, reporter: Reporter) -> None:
    for index, body in parts.tenants.items():
        path: Path = ("tenants", index, "approvers")
        doubled(
            ((one.email, (*path, i, "email")) for i, one in enumerate(body.approvers)), reporter
        )
        for i, one in enumerate(body.approvers):
            unfit = why_unfit(one.ssh_key)
            if unfit is not None:
                reporter.error((*path, i, "ssh_key"), unfit)


def _waves(waves: tuple[WaveFile, ...], reporter: Reporter) -> None:
    doubled(((wave.name, (*_WAVES, i, "name")) for i, wave in enumerate(waves)), reporter)
    for i, wave in enumerate(waves):
        ways = (wave.select, wave.share, wave.risks)
        said = sum(way is not None for way in ways) + wave.rest
        if said != 1 and not reporter.is_muted_below((*_WAVES, i)):
            reporter.error(
                (*_WAVES, i),
                Text(
                    "select、share、risks、rest のどれか一つを書きます",
                    "one of select, share, risks and rest says whom it takes",
                ),
            )
        elif wave.rest and any(one.risks is None for one in waves[i + 1 :]):
            reporter.error(
                (*_WAVES, i, "rest"),
                Text(
                    "rest: true は最後の適用枠だけです（後に書けるのは risks の枠だけ）",
                    "only the last wave is the rest; behind it, waves by risks only",
                ),
            )
        doubled(
            ((one.value, (*_WAVES, i, "risks", n)) for n, one in enumerate(wave.risks or ())),
            reporter,
        )
    _one_is_the_rest(waves, reporter)


def _one_is_the_rest(waves: tuple[WaveFile, ...], reporter: Reporter) -> None:
    last = max((i for i, wave in enumerate(waves) if wave.risks is None), default=len(waves) - 1)
    if not waves[last].rest and not reporter.is_muted_below((*_WAVES, last)):
        reporter.error(
            (*_WAVES, last),
            Text(
                "最後の適用枠は rest: true（残りのすべて）です（後に書けるのは risks の枠だけ）",
                "the last wave has to be the rest (rest: true); behind it, waves by risks only",
            ),
        )


def _selectors(file: OperationsFile, known: Vocabulary, reporter: Reporter) -> None:
    written: list[tuple[str | None, Path]] = [
        (wave.select, (*_WAVES, i, "select")) for i, wave in enumerate(file.waves or ())
    ]
    for text, path in [*written, (file.bodies_approve, (*_ROOT, "bodies_approve"))]:
        if text is None:
            continue
        reason = why_unreadable(text, _with_tags_of(text, known))
        if reason is not None:
            reporter.error(path, reason)


def _with_tags_of(text: str, known: Vocabulary) -> Vocabulary:
    """The vocabulary with the tags that a selector names: no body need have them."""
    try:
        named = [word.value for word in words(parse(text)) if word.quality == "tag"]
    except UnreadableSelector:
        return known
    tags = dict(known.tags)
    for tag in named:
        key, _, value = tag.partition("=")
        tags[key] = tags.get(key, frozenset()) | {value}
    return replace(known, tags=tags)


def _notifications(file: NotificationsFile, reporter: Reporter) -> None:
    for key, events in (("operators", file.operators), ("bodies", file.bodies)):
        _events(events, (*_NOTICES, key), reporter)
        if events and file.smtp is None and not reporter.is_muted((*_NOTICES, "smtp")):
            reporter.error(
                (*_NOTICES, key),
                Text(
                    "メールで知らせるには smtp が要ります",
                    "mail needs a server: smtp is missing",
                ),
            )
    if file.smtp is not None:
        _login(file.smtp, (*_NOTICES, "smtp"), reporter)
    for i, hook in enumerate(file.webhooks):
        _events(hook.events, (*_NOTICES, "webhooks", i, "events"), reporter)
    for i, topic in enumerate(file.sns):
        _events(topic.events, (*_NOTICES, "sns", i, "events"), reporter)


def _events(events: Iterable[Event], path: Path, reporter: Reporter) -> None:
    doubled(((event.value, (*path, i)) for i, event in enumerate(events)), reporter)


def _login(smtp: SmtpFile, path: Path, reporter: Reporter) -> None:
    if (smtp.user is None) != (smtp.password_file is None):
        if not reporter.is_muted_below(path):
            reporter.error(
                path,
                Text(
                    "user と password_file は、両方書くか両方省きます",
                    "user and password_file go together",
                ),
            )
    elif smtp.user is not None and smtp.security == "none":
        reporter.error(
            (*path, "security"),
            Text(
                "パスワードが暗号化されずに送られます。starttls か tls にしてください",
                "the password would be sent without encryption: starttls or tls is needed",
            ),
        )
