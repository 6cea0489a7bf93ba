"""Topics, their policies, their subscriptions. Their ids are their ARNs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.checking import coerce
from moyai.sandbox.aws.client import account
from moyai.sandbox.aws.fields import document, flag, shape, text, whole
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags

_GONE = ("NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException")


class _SnsResource(AwsResource):
    service = "sns"
    attributes: Mapping[str, str]
    """Property → attribute."""

    def attributes_of(self, inputs: Properties) -> dict[str, str]:
        """Attributes that a program sets, as texts."""
        return {
            key: _words(inputs[name])
            for name, key in self.attributes.items()
            if inputs.get(name) is not None
        }

    def told_attributes(self, told: Mapping[str, str]) -> Properties:
        """Attributes as properties."""
        return {
            name: coerce(self.properties[name].kind, told[key])
            for name, key in self.attributes.items()
            if told.get(key) not in (None, "")
        }


def _words(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Topic(_SnsResource):
    """aws:sns/topic:Topic."""

    tagging = ServiceTags("tag_resource", "untag_resource", "list_tags_for_resource")
    autoname = AutoName(limit=256)
    attributes = {  # noqa: RUF012 - read only
        "contentBasedDeduplication": "ContentBasedDeduplication",
        "deliveryPolicy": "DeliveryPolicy",
        "displayName": "DisplayName",
        "fifoTopic": "FifoTopic",
        "kmsMasterKeyId": "KmsMasterKeyId",
        "policy": "Policy",
        "signatureVersion": "SignatureVersion",
        "tracingConfig": "TracingConfig",
    }
    properties = shape(
        contentBasedDeduplication=flag(""),
        deliveryPolicy=document(""),
        displayName=text(""),
        fifoTopic=flag("", replaces=True),
        kmsMasterKeyId=text(""),
        name=text("", replaces=True),
        namePrefix=text("", replaces=True, kept=False),
        policy=document("", chosen=True),
        # moto signs in one way only, and keeps no trace.
        signatureVersion=whole("", chosen=True, kept=False),
        tracingConfig=text("", chosen=True, kept=False),
    )
    computed = frozenset({"arn", "owner"})
    looks_after = True

    def make(self, inputs: Properties) -> Seen:
        """One call; a topic of this name that is there and alike is taken."""
        answer = self.call(
            inputs,
            "create_topic",
            Name=inputs["name"],
            Attributes=self.attributes_of(inputs),
            **self.created_tags(inputs),
        )
        return Seen(answer["TopicArn"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Attributes and tags."""
        answer = self.call(inputs, "get_topic_attributes", TopicArn=id_, gone=_GONE)
        if answer is None:
            return None
        told = answer["Attributes"]
        nothing = dict.fromkeys(self.attributes)
        values = {
            **nothing,
            **self.told_attributes(told),
            "name": id_.rsplit(":", 1)[-1],
            "tags": self.read_tags(id_, inputs),
            "arn": id_,
            "owner": told["Owner"],
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Attribute by attribute."""
        del old
        for name, key in self.attributes.items():
            if name in changed:
                value = _words(new.get(name, self.properties[name].default or ""))
                which = {"AttributeName": key, "AttributeValue": value}
                self.call(new, "set_topic_attributes", TopicArn=id_, **which)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_topic", TopicArn=id_, gone=_GONE)

    def id_of(self, inputs: Properties) -> str | None:
        """Its ARN."""
        return self.arn(inputs, inputs["name"])


class TopicPolicy(_SnsResource):
    """aws:sns/topicPolicy:TopicPolicy. Its id is the topic's ARN."""

    attributes = {"policy": "Policy"}  # noqa: RUF012 - read only
    properties = shape(
        arn=text("", required=True, replaces=True), policy=document("", required=True)
    )
    computed = frozenset({"owner"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        arn = inputs["arn"]
        self._put(arn, inputs, inputs["policy"])
        return Seen(arn, {"owner": account()})

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Where the topic has no other policy than its first one, there is none."""
        answer = self.call(inputs, "get_topic_attributes", TopicArn=id_, gone=_GONE)
        if answer is None:
            return None
        told = answer["Attributes"]
        if '"__default_policy_ID"' in told.get("Policy", ""):
            return None
        values = {**self.told_attributes(told), "arn": id_, "owner": told["Owner"]}
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Put anew."""
        del old, changed
        self._put(id_, new, new["policy"])
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """As the real provider does: back to what a topic begins with."""
        self._put(id_, state, _first_policy(id_))

    def _put(self, arn: str, inputs: Properties, policy: str) -> None:
        which = {"AttributeName": "Policy", "AttributeValue": policy}
        self.call(inputs, "set_topic_attributes", TopicArn=arn, gone=_GONE, **which)


def _first_policy(arn: str) -> str:
    return (
        '{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Effect":"Allow",'
        '"Sid":"__default_statement_ID","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes",'
        '"SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic",'
        '"SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],'
        f'"Resource":"{arn}","Condition":{{"StringEquals":{{"AWS:SourceOwner":"{account()}"}}}}}}]}}'
    )


class TopicSubscription(_SnsResource):
    """aws:sns/topicSubscription:TopicSubscription."""

    attributes = {  # noqa: RUF012 - read only
        "deliveryPolicy": "DeliveryPolicy",
        "filterPolicy": "FilterPolicy",
        "filterPolicyScope": "FilterPolicyScope",
        "rawMessageDelivery": "RawMessageDelivery",
        "redrivePolicy": "RedrivePolicy",
        "subscriptionRoleArn": "SubscriptionRoleArn",
    }
    properties = shape(
        confirmationTimeoutInMinutes=whole("", default=1, kept=False),
        deliveryPolicy=document(""),
        endpoint=text(required=True, replaces=True),
        endpointAutoConfirms=flag("", kept=False),
        filterPolicy=document(""),
        filterPolicyScope=text("", chosen=True),
        protocol=text(required=True, replaces=True),
        rawMessageDelivery=flag(""),
        redrivePolicy=document(""),
        subscriptionRoleArn=text(""),
        topic=text("TopicArn", required=True, replaces=True),
    )
    computed = frozenset({"arn", "confirmationWasAuthenticated", "ownerId", "pendingConfirmation"})
    looks_after = True

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs,
            "subscribe",
            Attributes=self.attributes_of(inputs),
            ReturnSubscriptionArn=True,
            **self.parameters(inputs),
        )
        return Seen(answer["SubscriptionArn"])

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Its attributes."""
        name = "get_subscription_attributes"
        answer = self.call(inputs, name, SubscriptionArn=id_, gone=_GONE)
        if answer is None:
            return None
        told = answer["Attributes"]
        values = {
            **dict.fromkeys(self.attributes),
            **self.told(told),
            **self.told_attributes(told),
            "arn": id_,
            "confirmationWasAuthenticated": told.get("ConfirmationWasAuthenticated") == "true",
            "ownerId": told["Owner"],
            "pendingConfirmation": told.get("PendingConfirmation") == "true",
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Attribute by attribute."""
        del old
        for name, key in self.attributes.items():
            if name in changed:
                value = _words(new.get(name, self.properties[name].default or ""))
                which = {"AttributeName": key, "AttributeValue": value}
                self.call(new, "set_subscription_attributes", SubscriptionArn=id_, **which)
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "unsubscribe", SubscriptionArn=id_, gone=_GONE)

    def name_of(self, inputs: Properties) -> str:
        """Its topic."""
        return str(inputs["topic"])
