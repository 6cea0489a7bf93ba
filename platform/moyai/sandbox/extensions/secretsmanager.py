"""AWS Secrets Manager: whoever reads a secret gets the version whose stage is AWSCURRENT, also where that
stage was moved to another version; moto goes on with the one that was written as current last."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.models import SecretsManagerBackend

from moyai.sandbox.extensions.replacing import replace


def extend() -> None:
    """Follow the stage."""

    def update_secret_version_stage(self: Any, **given: Any) -> tuple[str, str]:
        answer: tuple[str, str] = old(self, **given)
        secret = self.secrets[given["secret_id"]]
        for version, entry in secret.versions.items():
            if "AWSCURRENT" in entry["version_stages"]:
                secret.set_default_version_id(version)
        return answer

    old = replace(SecretsManagerBackend, "update_secret_version_stage", update_secret_version_stage)
