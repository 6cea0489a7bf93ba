"""The provider's configuration: one process serves one, however many stacks attach."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from moyai.provider.plugins import Plugin
from moyai.provider.properties import Properties, has_unknown
from moyai.provider.resources import ResourceFailed
from moyai.sandbox.aws.client import account, get_ready, home_region
from moyai.sandbox.aws.table import TYPES, services
from moyai.texts import Text

_NO_EFFECT = frozenset(
    {
        "s3UsePathStyle",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
    }
)
"""What changes nothing with a local AWS. The SDK sets some of them by itself."""
SETTINGS = frozenset({"region", "allowedAccountIds", "forbiddenAccountIds"}) | _NO_EFFECT
"""Configuration that is accepted."""
_TAGS = Text(
    "タグは資源ごとに書いてください。一つのプラグインを多くのスタックで共有するためです",
    "tags belong on each resource, because many stacks share one plugin",
)
_ENVIRONMENT = Text(
    "資格情報と接続先は環境変数で渡してください（AWS_ACCESS_KEY_ID、AWS_ENDPOINT_URL など）",
    "credentials and endpoint come from the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …)",
)
REFUSED: Mapping[str, Text] = {
    "defaultTags": _TAGS,
    "ignoreTags": _TAGS,
    **dict.fromkeys(
        (
            "accessKey",
            "assumeRoles",
            "assumeRoleWithWebIdentity",
            "endpoints",
            "profile",
            "secretKey",
            "sharedConfigFiles",
            "sharedCredentialsFiles",
            "token",
        ),
        _ENVIRONMENT,
    ),
}
"""Configuration that is not, and why."""


def configure(settings: Properties) -> None:
    """Take one engine's configuration. Raises `ResourceFailed` where it is for another account or
    region than this process's."""
    settings = {name: value for name, value in settings.items() if not has_unknown(value)}
    _same_region(settings)
    allowed, forbidden = (
        _ids(settings, name) for name in ("allowedAccountIds", "forbiddenAccountIds")
    )
    if (allowed and account() not in allowed) or (forbidden and account() in forbidden):
        raise ResourceFailed(
            Text(
                f"アカウント {account()} は、このプログラムの対象ではありません。",
                f"the account {account()} is not one that this program is for.",
            ),
            remedy=Text(
                "資格情報と拠点の設定（account_id）を確かめてください。",
                "See to the credentials and to the site's account_id.",
            ),
        )
    get_ready(services())


def _same_region(settings: Mapping[str, Any]) -> None:
    region = settings.get("region")
    if not region:
        return
    if not os.environ.get("AWS_REGION") and not os.environ.get("AWS_DEFAULT_REGION"):
        os.environ["AWS_REGION"] = str(region)
        home_region.cache_clear()
    if region != home_region():
        raise ResourceFailed(
            Text(
                f"このプラグインは {home_region()} 用です。{region} では動かせません。",
                f"this plugin serves {home_region()}, not {region}.",
            ),
            remedy=Text(
                "別のリージョンに置く資源には region を書いてください。"
                "プロバイダーの region は AWS_REGION と同じにします。",
                "Give resources of another region their own region argument; the provider's "
                "region is that of AWS_REGION.",
            ),
        )


def _ids(settings: Mapping[str, Any], name: str) -> list[str]:
    return [str(one) for one in settings.get(name) or ()]


def plugin() -> Plugin:
    """The plugin, of the SDK's version."""
    return Plugin("aws", version("pulumi-aws"), TYPES, {}, SETTINGS, REFUSED, configure)
