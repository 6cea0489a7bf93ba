"""`python -m moyai.engine.aws.credentials CONFIG ROLE REGION`: credentials of a site's role.

AWS's SDKs run it as a `credential_process`, whenever they need credentials and again before these
expire. So a long deploy outlives a role's hour, and no key is written anywhere.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from moyai.allowance import limit

CALLER = "MOYAI_CALLER_"
"""Begins the names under which the caller's own variables are handed on."""
IDENTITY = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
)
"""Variables by which an SDK finds out who is calling."""
_FAILED = 4


def callers_own(environ: Mapping[str, str], config: str) -> dict[str, str]:
    """Variables as the person had them, whether or not the site's are in force (`config` is)."""
    if environ.get("AWS_CONFIG_FILE") != config:
        return dict(environ)
    own = {name: value for name, value in environ.items() if name not in IDENTITY}
    for name in IDENTITY:
        if CALLER + name in environ:
            own[name] = environ[CALLER + name]
    return own


def session_name() -> str:
    """Whom CloudTrail names: this machine's user, in the letters that STS allows."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return "moyai-" + (re.sub(r"[^\w+=,.@-]", "-", user, flags=re.ASCII)[:50] or "unknown")


def main(config: str, role: str, region: str) -> int:
    """Print the credentials as the SDKs want them, or a reason to standard error."""
    own = callers_own(os.environ, config)
    os.environ.clear()
    os.environ.update(own)
    settings = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})
    try:
        session = botocore.session.Session()
        limit(session.get_component("event_emitter"))
        client: Any = session.create_client("sts", region, config=settings)
        found = client.assume_role(RoleArn=role, RoleSessionName=session_name())["Credentials"]
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return _FAILED
    document = {
        "Version": 1,
        "AccessKeyId": found["AccessKeyId"],
        "SecretAccessKey": found["SecretAccessKey"],
        "SessionToken": found["SessionToken"],
        "Expiration": found["Expiration"].astimezone(UTC).isoformat(),
    }
    json.dump(document, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
