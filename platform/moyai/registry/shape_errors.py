"""pydantic's errors as sentences that a person who edits tenants.yaml understands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from moyai.job_target import JOB_IMAGE
from moyai.registry.paths import Path
from moyai.registry.problems import Reporter
from moyai.registry.words import not_known, shown
from moyai.texts import Text

KEY_STEP = "[key]"
"""What pydantic puts behind a mapping's key that is itself wrong."""

_Sentence = Callable[[Mapping[str, Any]], Text]


def _fixed(ja: str, en: str) -> _Sentence:
    return lambda _context: Text(ja, en)


def _value(ja: str, en: str) -> _Sentence:
    def sentence(context: Mapping[str, Any]) -> Text:
        value = shown(context.get("value", context.get("input")))
        return Text(ja.format(value.ja), en.format(value.en))

    return sentence


def _bound(key: str, ja: str, en: str) -> _Sentence:
    def sentence(context: Mapping[str, Any]) -> Text:
        value = shown(context.get("input"))
        return Text(
            f"{value.ja}は {context[key]} {ja}ではありません",
            f"it has to be {context[key]} {en}, not {value.en}",
        )

    return sentence


def _limit(key: str, ja: str, en: str) -> _Sentence:
    return lambda context: Text(ja.format(context[key]), en.format(context[key]))


def _choice(context: Mapping[str, Any]) -> Text:
    choices = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    value = shown(context.get("input"))
    return Text(f"{value.ja}ではなく {choices} のどれかです", f"{value.en} is none of {choices}")


def _host_bits(context: Mapping[str, Any]) -> Text:
    value, meant = shown(context["value"]), context["meant"]
    return Text(
        f"{value.ja}はネットワークの先頭ではありません（{meant} ではありませんか）",
        f"{value.en} has host bits set; did you mean {meant}?",
    )


_KEYS_WANTED = _value(
    "キーと値の組が要ります（{}でした）", "keys and values are needed here, not {}"
)
_LIST_WANTED = _value("リスト（- …）が要ります（{}でした）", "a list (- …) is needed, not {}")
_WORD_WANTED = _value(
    "文字列が要ります（{}でした。引用符で囲んでください）",
    "a word is needed, not {}; put it in quotes",
)
_WHOLE_WANTED = _value("整数が要ります（{}でした）", "a whole number is needed, not {}")

SENTENCES: Mapping[str, _Sentence] = {
    "missing": _fixed("必須の項目がありません", "this key is missing"),
    "moyai_word": _WORD_WANTED,
    "moyai_name_length": _value(
        "{}は 1 字以上 100 字以内ではありません", "{} does not have 1 to 100 characters"
    ),
    "moyai_name": _value(
        "{}の前後に空白があるか、見えない文字があります",
        "{} has spaces around it or characters that cannot be seen",
    ),
    "moyai_code": _value("{}は6桁のコードではありません", "{} is not a six-digit code"),
    "moyai_code_number": _value(
        "コードは6桁です（{}でした）。先頭が 0 なら引用符で囲んでください",
        "a code has six digits, not {}; put it in quotes where it begins with a zero",
    ),
    "moyai_network": _value(
        "{}は IPv4 のネットワーク（例 10.200.1.0/24）ではありません",
        "{} is not an IPv4 network such as 10.200.1.0/24",
    ),
    "moyai_host_bits": _host_bits,
    "moyai_date": _value(
        "{}は日付（例 2026-04-01）ではありません", "{} is not a date such as 2026-04-01"
    ),
    "moyai_time": _value(
        '{}は時刻（例 "22:00"）ではありません', '{} is not a time such as "22:00"'
    ),
    "moyai_slug": _value(
        "{}は使えません: 英小文字で始まる英小文字・数字・ハイフン、32字まで",
        "{} will not do: a lower-case letter, then letters, digits and hyphens, 32 at most",
    ),
    "moyai_email": _value("{}はメールアドレスではありません", "{} is not an e-mail address"),
    "moyai_phone": _value(
        '{}は電話番号（例 "06-0000-0000"）ではありません',
        '{} is not a telephone number such as "06-0000-0000"',
    ),
    "moyai_domain": _value(
        "{}はドメイン名（英小文字）ではありません", "{} is not a domain name in lower case"
    ),
    "moyai_month_day": _value(
        '{}は月日（例 "04-01"）ではありません', '{} is not a month and day such as "04-01"'
    ),
    "moyai_version": _value(
        "{}はリリース（例 1.2.0）ではありません", "{} is not a release such as 1.2.0"
    ),
    "moyai_account": _value(
        "{}は AWS アカウント番号（12桁、引用符付き）ではありません",
        "{} is not an AWS account number (12 digits in quotes)",
    ),
    "moyai_role_arn": _value(
        "{}はロールの ARN（arn:aws:iam::…:role/…）ではありません",
        "{} is not a role's ARN (arn:aws:iam::…:role/…)",
    ),
    "moyai_host": _value(
        "{}は名前の型（例 {{slug}}.shinsei.{{domain}}）ではありません",
        "{} is not a host name pattern such as {{slug}}.shinsei.{{domain}}",
    ),
    "moyai_image": _value(
        "{}はコンテナイメージの名前ではありません（例: moyai-chat:1.0.0）",
        "{} is not the name of a container image (such as moyai-chat:1.0.0)",
    ),
    "moyai_job_image": _value(
        f"{{}}は使えません: 名前の終わりの {JOB_IMAGE} は Moyai 自身のジョブのイメージを表します",
        f"{{}} will not do: a name that ends in {JOB_IMAGE} means Moyai's own jobs",
    ),
    "moyai_tag_key": _value(
        "{}はタグの名前に使えません（文字・数字・. / : + - @ _、64字まで、aws: と moyai: は不可）",
        "{} cannot name a tag (letters, digits, . / : + - @ _, 64 at most, no aws: or moyai:)",
    ),
    "moyai_tag_value": _value(
        "{}はタグの値に使えません（文字・数字・空白・. / : + = - @ _、128字まで）",
        "{} cannot be a tag's value (letters, digits, spaces, . / : + = - @ _, 128 at most)",
    ),
    "moyai_percent": _value(
        '{}は 0 より大きく 100 以下の割合（例 40、33.3、"1/3"。% は付けません）ではありません',
        '{} is not a percent above 0, up to 100, such as 40, 33.3 or "1/3" (no % sign)',
    ),
    "moyai_percent_or_zero": _value(
        '{}は 0 以上 100 以下の割合（例 40、33.3、"1/3"。% は付けません）ではありません',
        '{} is not a percent from 0 to 100, such as 40, 33.3 or "1/3" (no % sign)',
    ),
    "moyai_usd": _value(
        '{}は 0 より大きい米ドルの額（例 "1200"、"99.50"。セントまで）ではありません',
        '{} is not an amount in US dollars above 0, such as "1200" or "99.50", to the cent',
    ),
    "moyai_power": _value(
        "{}は 0 より大きく 10 以下の数（例 0.585）ではありません",
        "{} is not a number above 0, up to 10, such as 0.585",
    ),
    "moyai_column": _value(
        "{}は列の名前（例 ServiceName、Tags.moyai:tenant）ではありません",
        "{} is not the name of a column such as ServiceName or Tags.moyai:tenant",
    ),
    "moyai_column_value": _value(
        "{}は列の値になりません（文字列、または値がないことを表す null。500 字まで。数は引用符で囲みます）",
        "{} cannot be a column's value: a word of 500 characters at most, numbers in quotes, or null",
    ),
    "moyai_registration_number": _value(
        "{}は登録番号（T と 13 桁の数字）ではありません",
        "{} is not a registration number (T and 13 digits)",
    ),
    "moyai_bodies": _value(
        '{}は団体の数（例 4。引用符は付けません）でも、100% までの割合（例 "10%"）でもありません',
        '{} is neither a number of bodies without quotes, such as 4, nor a share up to 100%, such as "10%"',
    ),
    "moyai_bodies_or_zero": _value(
        '{}は団体の数（例 0。引用符は付けません）でも、100% までの割合（例 "5%"）でもありません',
        '{} is neither a number of bodies without quotes, such as 0, nor a share up to 100%, such as "5%"',
    ),
    "moyai_mail_host": _value(
        "{}はサーバーの名前（例 smtp.example.jp）ではありません",
        "{} is not the name of a server such as smtp.example.jp",
    ),
    "moyai_secret_file": _fixed(
        "ファイルの絶対パス（例 /etc/moyai/smtp-password）が要ります。秘密そのものは書けません",
        "the absolute path of a file is needed, such as /etc/moyai/smtp-password: no secret itself",
    ),
    "moyai_webhook": _fixed(
        "https:// の宛先が要ります（利用者名やパスワードは含めません）",
        "an address that begins with https:// is needed, without a user or password in it",
    ),
    "moyai_webhook_secret": _fixed(
        "宛先の ? の後に秘密らしい名前（token、key、sig など）があります。"
        "秘密は持ち主だけが読めるファイルに置き、secret_file で示します",
        "behind its ? the address has what looks like a secret (token, key, sig …): a secret belongs in a file "
        "that its owner alone can read, named by secret_file",
    ),
    "moyai_topic_arn": _value(
        "{}は東京か大阪の SNS トピックの ARN（arn:aws:sns:…）ではありません",
        "{} is not the ARN of an SNS topic in Tokyo or Osaka (arn:aws:sns:…)",
    ),
    "enum": _choice,
    "literal_error": _choice,
    "string_type": _WORD_WANTED,
    "string_too_short": _fixed("空にはできません", "this cannot be empty"),
    "string_too_long": _limit(
        "max_length", "長すぎます（{} 字まで）", "too long ({} characters at most)"
    ),
    "string_pattern_mismatch": _limit(
        "pattern", "形が合いません（{}）", "this does not fit the pattern {}"
    ),
    "int_type": _WHOLE_WANTED,
    "int_from_float": _WHOLE_WANTED,
    "int_parsing_size": _WHOLE_WANTED,
    "bool_type": _value("true か false が要ります（{}でした）", "true or false is needed, not {}"),
    "greater_than_equal": _bound("ge", "以上", "or more"),
    "less_than_equal": _bound("le", "以下", "or less"),
    "too_short": _limit("min_length", "{} 件以上要ります", "at least {} needed"),
    "too_long": _limit("max_length", "多すぎます（{} 件まで）", "at most {} allowed"),
    "tuple_type": _LIST_WANTED,
    "dict_type": _KEYS_WANTED,
    "model_type": _KEYS_WANTED,
    "model_attributes_type": _KEYS_WANTED,
}
"""Every kind of error that the models of this room can raise; tests hold it complete."""

_OTHER = _value("値が正しくありません（{}）", "this value is wrong: {}")


def report_shape(
    reporter: Reporter, errors: Iterable[ErrorDetails], model: type[BaseModel]
) -> None:
    """Add pydantic's errors to a file's problems. `model` is what the whole file was read as."""
    for error in errors:
        if _is_echo(error):
            continue
        path = without_key_step(error["loc"])
        if error["type"] == "extra_forbidden":
            known = _keys_beside(path, model)
            reporter.error(path, not_known(str(path[-1]), known, "キー", "key"), at_key=True)
            continue
        context = {"input": error.get("input"), **error.get("ctx", {})}
        message = SENTENCES.get(error["type"], _OTHER)(context)
        reporter.error(path, message, at_key=path != error["loc"])


def _is_echo(error: ErrorDetails) -> bool:
    """Whether a container is called too short only because pydantic left out its wrong items."""
    value = error["input"]
    return (
        error["type"] == "too_short"
        and isinstance(value, (list, dict))
        and len(value) >= error.get("ctx", {}).get("min_length", 0)
    )


def without_key_step(loc: Path) -> Path:
    """The path of an error without pydantic's own mark for a mapping's key."""
    return loc[:-1] if loc and loc[-1] == KEY_STEP else loc


def _keys_beside(path: Path, model: type[BaseModel]) -> list[str]:
    """The keys that the model at a path's parent knows."""
    annotation: Any = model
    for step in path[:-1]:
        annotation = _inner(annotation, step)
    found = _model(annotation)
    if found is None:
        return []
    return [field.alias or name for name, field in found.model_fields.items()]


def _inner(annotation: Any, step: str | int) -> Any:
    """What stands at one step below an annotation: a model's field, or a container's items."""
    model = _model(annotation)
    if model is None:
        return None
    if isinstance(step, int) or not _is_model(annotation):
        return model
    return next(
        (
            field.annotation
            for name, field in model.model_fields.items()
            if step == (field.alias or name)
        ),
        None,
    )


def _model(annotation: Any) -> type[BaseModel] | None:
    """The first model inside an annotation: itself, its items', its optional value's."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model(one) for one in get_args(annotation))
    return next((one for one in found if one is not None), None)


def _is_model(annotation: Any) -> bool:
    """Whether an annotation is a model or an optional one, rather than a container of them."""
    options = [one for one in get_args(annotation) if one is not type(None)] or [annotation]
    return len(options) == 1 and isinstance(options[0], type) and issubclass(options[0], BaseModel)
