"""Topics of SNS, as the sandbox's cloud has them; a queue behind them shows what came."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from test_mail import MESSAGE

from moyai.engine.sites import EmbeddedSite
from moyai.operations.notices.message import Undelivered
from moyai.operations.notices.sns import publish


def test_a_topic_gets_words_for_people_and_attributes_for_filters(
    sandbox: EmbeddedSite, aws: Callable[..., Any]
) -> None:
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="operations")["TopicArn"]
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    publish(sandbox.environment(), topic, MESSAGE)
    [got] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    told = json.loads(got["Body"])
    assert told["Subject"] == "[Moyai] Held"
    assert told["Message"].index("適用枠") < told["Message"].index("wave")
    attributes = {name: one["Value"] for name, one in told["MessageAttributes"].items()}
    assert attributes == {
        "moyai-id": MESSAGE.id,
        "event": "wave_held",
        "operation": "20261126-3",
    }


def test_a_topic_that_is_not_there_is_given_up(sandbox: EmbeddedSite) -> None:
    topic = f"arn:aws:sns:ap-northeast-1:{sandbox.site.account_id}:nobody"
    with pytest.raises(Undelivered, match="NotFound") as caught:
        publish(sandbox.environment(), topic, MESSAGE)
    assert caught.value.final


def test_a_cloud_that_is_away_is_tried_again(sandbox: EmbeddedSite) -> None:
    topic = f"arn:aws:sns:ap-northeast-1:{sandbox.site.account_id}:operations"
    away = {**sandbox.environment(), "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    with pytest.raises(Undelivered, match="EndpointConnectionError") as caught:
        publish(away, topic, MESSAGE)
    assert not caught.value.final
