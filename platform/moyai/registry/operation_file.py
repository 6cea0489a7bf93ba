"""`operations`, and the approvers of bodies, as pydantic sees them: the boundary. Shapes and single values;
what relates several values is checked in `check_operations`, what they become is in `operation_settings`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool

from moyai.registry.file_words import Day, Email, FilePart, Name, whole
from moyai.registry.operation_settings import (
    Event,
    FailureMode,
    MailSecurity,
    OperationSettings,
    Risk,
)
from moyai.registry.operation_words import (
    Bodies,
    BodiesOrZero,
    Host,
    SecretFile,
    TopicArn,
    WebhookUrl,
)

_DEFAULTS = OperationSettings()

Selector = Annotated[str, Field(max_length=1000)]
Events = Annotated[tuple[Event, ...], Field(max_length=len(Event))]
SomeEvents = Annotated[tuple[Event, ...], Field(min_length=1, max_length=len(Event))]


class BodyApproverFile(FilePart):
    """団体の側で、自分の団体の作業を承認する人。 / A person of a body who approves its own slot."""

    name: Name = Field(description="氏名または担当名 / name or function")
    email: Email
    expires: Day = Field(description="権限の最終日 / last day of these rights")
    ssh_key: Annotated[str, Field(max_length=20_000)] = Field(
        description="承認に署名する鍵の公開鍵 / public key; approvals are signed with its other half"
    )


class ToleranceFile(FilePart):
    """失敗の許容。 / How many bodies may fail."""

    bodies: BodiesOrZero = Field(
        default=0,
        validate_default=True,
        description='ここまでは止めない。団体の数か割合（例 1、"5%"）。これを超えると適用枠を保留する'
        ' / bodies, or a share such as "5%", that may fail; one more holds the wave',
    )
    mode: FailureMode = Field(
        default="strict",
        description="strict 同時の数を、あと許せる失敗と 1 までに絞る、soft 絞らない"
        " / strict: never more at once than may still fail and one; soft: as many as may be at once",
    )


class WaveFile(FilePart):
    """適用枠。select、share、risks、rest のどれか一つ。 / A wave: one of `select`, `share`, `risks`, `rest`."""

    name: Name = Field(description="名前。例 先行団体 / for people")
    select: Selector | None = Field(
        default=None,
        description="団体の選択式。だれにも当たらなければ枠は空 / a selector; it may mean nobody",
    )
    share: Bodies | None = Field(
        default=None,
        description='対象のうち、まだ枠のない団体から人口の小さい順に。割合か数。例 "10%"'
        ' / a share of all bodies (or a number), the smallest population first, such as "10%"',
    )
    risks: Annotated[tuple[Risk, ...], Field(min_length=1, max_length=len(Risk))] | None = Field(
        default=None,
        description="計画のときに、このどれかが分かっている団体。share と rest は、前の枠でもこの団体を取らない"
        " / bodies of which one of these is known at planning; no share or rest takes them, before it either",
    )
    rest: StrictBool = Field(
        default=False,
        description="残りのすべて。最後の枠（後に書けるのは risks の枠だけ）"
        " / all that is left; of the last wave, behind which only waves by risks may stand",
    )
    soak_minutes: Annotated[int, whole(0, 20_160)] = Field(
        default=0,
        description="最後の団体が終わってから次の枠（または作業の終わり）までの様子見（分）"
        " / minutes from its last body's end to the next wave, or to the operation's end",
    )
    needs_approval: StrictBool = Field(
        default=False,
        description="この枠に別の承認が要るか / whether it begins only with an approval of its own",
    )
    max_concurrent: Bodies | None = Field(
        default=None, description="この枠での同時の数 / bodies at a time, in this wave"
    )
    failure_tolerance: ToleranceFile | None = Field(
        default=None, description="この枠での失敗の許容 / how many may fail, in this wave"
    )


class SmtpFile(FilePart):
    """メールを送るサーバー。 / The server that takes mail."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    host: Host = Field(description="サーバーの名前 / its name")
    port: Annotated[int, whole(1, 65_535)] | None = Field(
        default=None,
        description="ポート。省けば starttls 587、tls 465、none 25"
        " / port; by `security` 587, 465 or 25 if left out",
    )
    sender: Email = Field(alias="from", description="差出人 / the sender's address")
    security: MailSecurity = Field(
        default="starttls",
        description="starttls、tls、none（暗号化しない） / none: without encryption",
    )
    user: Name | None = Field(
        default=None, description="利用者名。認証がなければ省く / for a login, where it needs one"
    )
    password_file: SecretFile | None = Field(
        default=None,
        description="パスワードを書いたファイルの絶対パス（パスワードそのものは書かない）"
        " / absolute path of the file that has the password, never the password",
    )


class WebhookFile(FilePart):
    """Webhook（Standard Webhooks の署名付き）。 / A webhook, signed as Standard Webhooks says."""

    url: WebhookUrl = Field(
        description="宛先。https://…（秘密を含む URL は書かない） / https://…, without a secret in it"
    )
    secret_file: SecretFile = Field(
        description="署名の秘密を書いたファイルの絶対パス"
        " / absolute path of the file that has the secret to sign with"
    )
    events: SomeEvents = Field(description="知らせる出来事 / what it is told of")


class SnsFile(FilePart):
    """Amazon SNS のトピック。 / A topic of Amazon SNS."""

    topic_arn: TopicArn = Field(description="トピックの ARN / the topic's ARN")
    events: SomeEvents = Field(description="知らせる出来事 / what it is told of")


class NotificationsFile(FilePart):
    """だれに何を知らせるか。 / Who is told of what."""

    smtp: SmtpFile | None = Field(
        default=None, description="メールを送るサーバー / the server that takes mail"
    )
    operators: Events = Field(
        default=(), description="担当者にメールで知らせる出来事 / of which operators get mail"
    )
    bodies: Events = Field(
        default=(),
        description="団体の連絡先にメールで知らせる出来事 / of which bodies' contacts get mail",
    )
    webhooks: Annotated[tuple[WebhookFile, ...], Field(max_length=20)] = Field(
        default=(), description="Webhook / webhooks"
    )
    sns: Annotated[tuple[SnsFile, ...], Field(max_length=20)] = Field(
        default=(), description="SNS のトピック / topics of SNS"
    )


class OperationsFile(FilePart):
    """一斉作業の進め方。 / How work on many bodies goes."""

    waves: Annotated[tuple[WaveFile, ...], Field(min_length=1, max_length=50)] | None = Field(
        default=None,
        description="適用枠。団体は最初に当たった枠に入る。省けば全団体の一枠"
        " / waves; a body belongs to the first that takes it; one for all if left out",
    )
    max_concurrent: Bodies = Field(
        default=_DEFAULTS.max_concurrent.count,
        validate_default=True,
        description='同時に作業する団体。数か枠の中の割合（例 4、"10%"）'
        ' / bodies at a time: a number, or a share of the wave such as "10%"',
    )
    failure_tolerance: ToleranceFile = Field(
        default_factory=ToleranceFile, description="失敗の許容 / how many bodies may fail"
    )
    same_errors: Annotated[int, whole(0, 10_000)] = Field(
        default=_DEFAULTS.same_errors,
        description="同じ誤りがこの回数になれば止める。0 は止めない"
        " / as many equal errors hold an operation; 0: never",
    )
    max_releases_behind: Annotated[int, whole(0, 100)] = Field(
        default=_DEFAULTS.max_releases_behind,
        description="使われている最新から遅れてよいリリースの数"
        " / how many releases a body may be behind the newest in use",
    )
    approval_hours: Annotated[int, whole(1, 2_160)] = Field(
        default=_DEFAULTS.approval_hours,
        description="承認が有効な時間。計画が承認を待つ時間でもある"
        " / hours for which an approval holds, and a plan waits for one",
    )
    verified_restore_days: Annotated[int, whole(1, 3_660)] = Field(
        default=_DEFAULTS.verified_restore_days,
        description="復元訓練の結果が有効な日数 / days for which a tried restore counts",
    )
    audit_anchor_minutes: Annotated[int, whole(1, 10_080)] = Field(
        default=_DEFAULTS.audit_anchor_minutes,
        description="証跡の鎖の先頭を固定する間隔（分） / minutes between anchors of the audit",
    )
    aws_calls_per_second: Annotated[int, whole(1, 10_000)] = Field(
        default=_DEFAULTS.aws_calls_per_second,
        description="AWS の呼出しの上限（全ワーカーを合わせた毎秒の回数）"
        " / AWS calls a second, of all workers together",
    )
    bodies_approve: Selector | None = Field(
        default=None,
        description="自分の作業を自ら承認する団体の選択式。省けばなし"
        " / a selector of bodies that have to approve their own slot; none if left out",
    )
    steering_needs_signature: StrictBool = Field(
        default=_DEFAULTS.steering_needs_signature,
        description="再開とやり直しに担当者の署名が要るか（一時停止と取消には要らない）"
        " / whether resume and retry need the operator's signature (pause and cancel never do)",
    )
    edits_need_approval: StrictBool | None = Field(
        default=None,
        description="団体の編集（moyai tenant edit）に、別の人の承認が要るか。省けば、承認できる人と"
        "提案できる別の人が operators にいるとき要る / whether edits of bodies (moyai tenant edit) need"
        " another person's approval; left out: where operators list one who approves and another one who"
        " may propose",
    )
    duration_minutes: Annotated[int, whole(1, 1_440)] = Field(
        default=_DEFAULTS.duration_minutes,
        description="まだ測っていないとき、1 団体にかかるとみる時間（分）"
        " / minutes that a body is assumed to take where nothing was measured",
    )
    notifications: NotificationsFile = Field(
        default_factory=NotificationsFile, description="知らせ / notifications"
    )
