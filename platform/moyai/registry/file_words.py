"""The single values of tenants.yaml: how each is written, and what it becomes.

A wrong one raises a `PydanticCustomError` of a kind that `shape_errors` has a sentence for. Each type
carries its pattern into the JSON Schema for editors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

_LONGEST_NAME = 100
_YEARS = range(1900, 2200)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_NETWORK = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}\Z")
_CODE = re.compile(r"[0-9]{6}\Z")
_SLUG = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?\Z")
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}\Z")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}\Z")
_PHONE = re.compile(r"\+?[0-9][0-9-]{5,14}[0-9]\Z")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,63}\Z")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\Z")
_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_ROLE_ARN = re.compile(r"arn:aws:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}\Z", re.ASCII)
_TAG_KEY = re.compile(r"(?!aws:|moyai:)[\w./:+@-]{1,64}\Z")
_TAG_VALUE = re.compile(r"(?! )[\w ./:+=@-]{1,128}(?<! )\Z")


class FilePart(BaseModel):
    """One part of the file: it has the keys that it declares, and no other."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def whole(least: int, most: int) -> object:
    """A whole number within bounds; `35.0` and `"35"` are not taken for it."""
    return Field(strict=True, ge=least, le=most)


def wrong(kind: str, value: object) -> PydanticCustomError:
    """The error of a kind that `shape_errors` has a sentence for."""
    return PydanticCustomError(kind, "{value}", {"value": value})


class Shown:
    """What the JSON Schema says of a type, in place of what pydantic would guess."""

    def __init__(self, **schema: object) -> None:
        self._schema: Mapping[str, object] = schema

    def __get_pydantic_json_schema__(
        self, _core: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", **self._schema}


def _shown(pattern: re.Pattern[str], example: str) -> Shown:
    return Shown(pattern="^" + pattern.pattern.replace("\\Z", "$"), examples=[example])


def _fits(pattern: re.Pattern[str], kind: str) -> BeforeValidator:
    """A word of this pattern; anything else, numbers included, is the same error."""

    def check(value: object) -> object:
        if not isinstance(value, str) or not pattern.match(value):
            raise wrong(kind, value)
        return value

    return BeforeValidator(check)


def _code(value: object) -> object:
    """A number of six digits is taken for its digits; with fewer, zeros were lost on the way."""
    if isinstance(value, int) and not isinstance(value, bool):
        if 100_000 <= value <= 999_999:
            return str(value)
        raise wrong("moyai_code_number", value)
    if not isinstance(value, str):
        raise wrong("moyai_code", value)
    return value  # its digits are judged with the check digit, in `checks`


def _account(value: object) -> object:
    """Twelve digits; without quotes, YAML reads those that begin with no zero as a number."""
    words = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(words, str) or not _ACCOUNT.match(words):
        raise wrong("moyai_account", value)
    return words


def _name(value: object) -> object:
    if not isinstance(value, str):
        raise wrong("moyai_word", value)
    if not value or len(value) > _LONGEST_NAME:
        raise wrong("moyai_name_length", value)
    if value != value.strip() or not value.isprintable():
        raise wrong("moyai_name", value)
    return value


def _network(value: object) -> object:
    if not isinstance(value, str) or not _NETWORK.match(value):
        raise wrong("moyai_network", value)
    try:
        return IPv4Network(value)
    except ValueError:
        pass
    try:
        meant = IPv4Network(value, strict=False)
    except ValueError:
        raise wrong("moyai_network", value) from None
    raise PydanticCustomError(
        "moyai_host_bits", "{value} {meant}", {"value": value, "meant": str(meant)}
    )


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DAY.match(value) and int(value[:4]) in _YEARS:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise wrong("moyai_date", value)


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and _CLOCK.match(value):
        return time.fromisoformat(value)
    raise wrong("moyai_time", value)


def _month_day(value: object) -> object:
    if isinstance(value, str) and _MONTH_DAY.match(value):
        try:
            date.fromisoformat(f"2001-{value}")
        except ValueError:
            pass
        else:
            return value
    raise wrong("moyai_month_day", value)


Code = Annotated[str, BeforeValidator(_code), _shown(_CODE, "271004")]
Slug = Annotated[str, _fits(_SLUG, "moyai_slug"), _shown(_SLUG, "sakai")]
Name = Annotated[str, BeforeValidator(_name), Shown(minLength=1, maxLength=_LONGEST_NAME)]
Network = Annotated[IPv4Network, BeforeValidator(_network), _shown(_NETWORK, "10.200.1.0/24")]
Day = Annotated[date, BeforeValidator(_day), Shown(format="date", examples=["2026-04-01"])]
Clock = Annotated[time, BeforeValidator(_clock), _shown(_CLOCK, "22:00")]
MonthDay = Annotated[str, BeforeValidator(_month_day), _shown(_MONTH_DAY, "04-01")]
Email = Annotated[str, _fits(_EMAIL, "moyai_email"), _shown(_EMAIL, "joho@example.jp")]
Phone = Annotated[str, _fits(_PHONE, "moyai_phone"), _shown(_PHONE, "06-0000-0000")]
Domain = Annotated[str, _fits(_DOMAIN, "moyai_domain"), _shown(_DOMAIN, "osaka.example.jp")]
Version = Annotated[str, _fits(_VERSION, "moyai_version"), _shown(_VERSION, "1.0.0")]
Account = Annotated[str, BeforeValidator(_account), _shown(_ACCOUNT, "111122223333")]
RoleArn = Annotated[
    str,
    _fits(_ROLE_ARN, "moyai_role_arn"),
    _shown(_ROLE_ARN, "arn:aws:iam::111122223333:role/moyai-operator"),
]
TagKey = Annotated[str, _fits(_TAG_KEY, "moyai_tag_key")]
TagValue = Annotated[str, _fits(_TAG_VALUE, "moyai_tag_value"), Shown(maxLength=128)]
Region = Literal["ap-northeast-1", "ap-northeast-3"]
WindowDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
FreeForm = dict[str, Any]
"""Left to somebody else's schema."""
