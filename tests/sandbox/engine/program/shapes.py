"""The resource types of the tests' plugin, for programs."""

from typing import Any

import pulumi


class Filing(pulumi.ProviderResource):
    def __init__(self, name: str) -> None:
        super().__init__("filing", name, {})


class File(pulumi.CustomResource):
    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("filing:index:File", name, {**props, "size": None}, opts)


class Box(pulumi.CustomResource):
    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("filing:index:Box", name, {**props, "size": None}, opts)
