"""A program for tests: what it makes is in its configuration, `test:files`."""

import json
import os
import signal
import time

import pulumi
from shapes import Box, File, Filing

config = pulumi.Config("test")
provider = pulumi.ResourceOptions(provider=Filing("filing"))
made: dict[str, pulumi.Resource] = {}
for spec in json.loads(config.get("files") or "[]"):
    kind = Box if spec.pop("box", False) else File
    protect = spec.pop("protect", False)
    if "secret" in spec:  # named, not told: a program's configuration holds no secrets
        spec["text"] = pulumi.Output.secret(os.environ[spec.pop("secret")])
    options = pulumi.ResourceOptions(
        protect=protect,
        depends_on=[made[name] for name in spec.pop("needs", [])],
        aliases=[pulumi.Alias(name=name) for name in spec.pop("was", [])],
        delete_before_replace=spec.pop("first", None),
        parent=made.get(spec.pop("in", "")),
    )
    name = spec.pop("logical", spec["name"])
    made[name] = kind(name, spec, pulumi.ResourceOptions.merge(provider, options))
pulumi.export("pid", os.getpid())
pulumi.export("plain", {"list": [1, "two"], "null": None})
pulumi.export("password", pulumi.Output.secret(config.get("password") or "no password"))
if config.get("reads"):
    other = pulumi.StackReference(config.require("reads"))
    pulumi.export("read", other.require_output("plain"))
if config.get("print"):
    print(config.require("print"))
if config.get("raise"):
    raise ValueError(config.require("raise"))
if config.get("tells"):  # a program that gives a secret away
    known = pulumi.Output.secret(os.environ[config.require("tells")])
    known.apply(lambda words: (_ for _ in ()).throw(ValueError(f"no use for {words}")))
if config.get("die"):
    os.kill(os.getpid(), signal.SIGKILL)
if config.get("sleep"):
    time.sleep(float(config.require("sleep")))
