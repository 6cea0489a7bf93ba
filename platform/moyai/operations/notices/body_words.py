"""What a body's own persons are told: of their body alone, and without commands of the secretariat. Pure."""

from __future__ import annotations

from moyai.operations.notices.scene import Happened, Scene
from moyai.operations.notices.sentences import BODY_ENDS, subject_words, touched_by
from moyai.operations.notices.words import Told
from moyai.registry.operation_settings import Event
from moyai.texts import Text, text_in

_NOTHING = Text("この団体では何も変更していません。", "Nothing of this body was touched.")
_SECRETARIAT = Text(
    "事務局が対応します。問い合わせには作業番号を添えてください。",
    "The secretariat looks after it. Please name the operation's number when you ask.",
)


def for_body(happened: Happened, scene: Scene, code: str) -> Told:
    """What one body is told of a happening that concerns it."""
    if happened.event is Event.APPROVAL_WANTED:
        return _approval(scene, code)
    if happened.event is Event.WAVE_HELD:
        return _waits(scene, code)
    if happened.event is Event.WINDOW_MISSED:
        return _missed(happened, scene, code)
    if happened.event is Event.STALLED:
        return _stalled(scene, code)
    if happened.event is Event.DONE:
        now = scene.bodies.get(code)
        error = None if now is None else now.error
        begun = now is not None and now.is_begun
        return _ended(scene, code, scene.status_of(code), error, is_begun=begun)
    return _ended(scene, code, str(happened.facts.get("status")), happened.facts.get("error"))


def _approval(scene: Scene, code: str) -> Told:
    # The moment is of when it is signed; the line comes back before the signature, as nobody else knows it.
    line = f"{scene.operation} {scene.plan_sha256} body:{code} $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    sign = (
        f'line="{line}"; echo "$line"; '
        'echo "$line" | ssh-keygen -Y sign -n moyai-approval@1 -f ~/.ssh/id_ed25519'
    )
    body = scene.planned(code)
    change = () if body is None else body.change
    return Told(
        Text("団体の承認をお願いします", "Your approval is wanted"),
        (subject_words(f"body:{code}", scene.plan), *change),
        _NOTHING,
        (
            Text(
                "次のコマンドで署名し、出力（行と署名）をすべて事務局に送ってください（鍵は登録したもの）。",
                "Sign with the command below, by the key that is registered, and send all that it writes "
                "(the line and the signature) to the secretariat.",
            ),
        ),
        (sign,),
        Text("署名するコマンド", "Command to sign"),
    )


def _waits(scene: Scene, code: str) -> Told:
    name = scene.name_of(code)
    return Told(
        Text("作業を保留しています", "The work is held"),
        (
            Text(
                f"{name.ja}: ほかの団体での結果を確かめるため、着手を見合わせています",
                f"{name.en}: it is not begun until what happened elsewhere is understood",
            ),
        ),
        _NOTHING,
        (_SECRETARIAT,),
    )


def _stalled(scene: Scene, code: str) -> Told:
    name = scene.name_of(code)
    return Told(
        Text("作業が止まっています", "The work stands still"),
        (
            Text(
                f"{name.ja}: 事務局の設定または拠点を確かめるため、途中で待っています",
                f"{name.en}: it waits on the way until the secretariat's settings or its site are mended",
            ),
        ),
        Text("いまのまま待っています。", "It waits as it is."),
        (_SECRETARIAT,),
    )


def _missed(happened: Happened, scene: Scene, code: str) -> Told:
    name, why = scene.name_of(code), happened.text("reason") or Text("", "")
    return Told(
        Text("作業時間帯に着手できませんでした", "Window missed"),
        (Text(f"{name.ja}: {why.ja}", f"{name.en}: {why.en}"),),
        _NOTHING,
        (
            Text(
                "次の作業時間帯に自動で着手します。",
                "It is begun in the next window by itself.",
            ),
        ),
    )


def _ended(scene: Scene, code: str, status: str, error: object, *, is_begun: bool = True) -> Told:
    name = scene.name_of(code)
    end = BODY_ENDS.get(status, BODY_ENDS["failed"])
    why = text_in(error, "what")
    following = (
        Text("することはありません。", "There is nothing to do.")
        if status == "done"
        else _SECRETARIAT
    )
    return Told(
        Text(end.ja, end.en.capitalize()),
        (Text(f"{name.ja}: {end.ja}", f"{name.en}: {end.en}"), *([why] if why else [])),
        touched_by(status, error, is_begun=is_begun),
        (following,),
    )
