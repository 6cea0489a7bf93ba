"""Topics of Amazon SNS, with the site's own credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moyai.engine.aws.sessions import aws_session
from moyai.operations.notices.message import Message, Undelivered, both
from moyai.texts import Text, visible

_SUBJECT = 100
"""SNS takes ASCII in a subject, and so much of it."""
_BYTES = 240_000
"""A little less than SNS takes."""
_FINAL = ("NotFound", "NotFoundException", "InvalidParameter")


def publish(environment: Mapping[str, str], topic_arn: str, message: Message) -> None:
    """Publish it: people's words, and attributes for filters. `environment`: the site's variables.

    A FIFO topic leaves out what it had within five minutes. Raises `Undelivered`.
    """
    # boto3 takes a quarter of a second to import, and most sites have no topic.
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    region = topic_arn.split(":")[3] if topic_arn.count(":") >= 5 else None
    try:
        client = aws_session(environment, region).client(
            "sns",
            endpoint_url=environment.get("AWS_ENDPOINT_URL_SNS")
            or environment.get("AWS_ENDPOINT_URL"),
            config=Config(connect_timeout=10, read_timeout=15, retries={"total_max_attempts": 2}),
        )
        client.publish(TopicArn=topic_arn, **_given(topic_arn, message))
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "?"))
        why = Text(
            f"SNS が受け付けませんでした（{visible(code)}）。",
            f"SNS did not take it ({visible(code)}).",
        )
        raise Undelivered(why, final=code in _FINAL) from None
    except BotoCoreError as error:
        name = type(error).__name__
        raise Undelivered(
            Text(f"SNS に届きません（{name}）。", f"SNS cannot be reached ({name}).")
        ) from None


def _given(topic_arn: str, message: Message) -> dict[str, Any]:
    words = {"moyai-id": message.id, "event": message.event, "operation": message.operation}
    given: dict[str, Any] = {
        "Subject": _ascii(message.content.subject.en),
        "Message": both(message.content.text).encode()[:_BYTES].decode(errors="ignore"),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": word} for name, word in words.items()
        },
    }
    if topic_arn.endswith(".fifo"):
        given["MessageDeduplicationId"] = message.id
        given["MessageGroupId"] = message.operation
    return given


def _ascii(words: str) -> str:
    plain = words.encode("ascii", "replace").decode()
    return "".join(one if one.isprintable() else " " for one in plain)[:_SUBJECT].strip()
