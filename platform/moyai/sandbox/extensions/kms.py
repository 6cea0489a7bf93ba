"""KMS: multi-Region keys decrypt and say what they are, and symmetric keys need no RSA key."""

from __future__ import annotations

from typing import Any, NoReturn

import moto.kms.models
import moto.kms.utils
from moto.core.exceptions import JsonRESTError

from moyai.sandbox.extensions.replacing import replace

_KEY_ID_SIGNS = 40
_SYMMETRIC = "SYMMETRIC_DEFAULT"


def extend() -> None:
    """Mend what multi-Region keys encrypt and say, and make symmetric keys quickly."""
    _decrypt_with_regional_keys()
    _tell_primary_from_replica()
    _make_no_unused_keys()


def _decrypt_with_regional_keys() -> None:
    """Ciphertexts name their key in 40 signs. moto keeps 36, which cuts a multi-Region key's id, so
    that neither the key nor its replica could decrypt what the key encrypted."""
    utils = moto.kms.utils
    cut = utils.KEY_ID_LEN
    header = utils.CIPHERTEXT_HEADER_FORMAT.replace(f"{cut}s", f"{_KEY_ID_SIGNS}s", 1)
    replace(utils, "HEADER_LEN", utils.HEADER_LEN - cut + _KEY_ID_SIGNS)
    replace(utils, "CIPHERTEXT_HEADER_FORMAT", header)

    def deserialize(ciphertext_blob: bytes) -> Any:
        found = old(ciphertext_blob)
        return found._replace(key_id=found.key_id.rstrip("\0"))

    old = replace(utils, "_deserialize_ciphertext_blob", deserialize)


def _tell_primary_from_replica() -> None:
    """A replica shares one table with its primary, into which moto writes REPLICA when the replica
    is described. So what a key is follows from its ARN, in a copy: snapshots have such tables too.
    """

    def to_dict(self: Any) -> dict[str, Any]:
        document: dict[str, Any] = old(self)
        told = document["KeyMetadata"]
        if told["MultiRegion"]:
            shared = told["MultiRegionConfiguration"]
            kind = "PRIMARY" if told["Arn"] == shared["PrimaryKey"]["Arn"] else "REPLICA"
            told["MultiRegionConfiguration"] = {**shared, "MultiRegionKeyType": kind}
        return document

    old = replace(moto.kms.models.Key, "to_dict", to_dict)


class NoPrivateKey:
    """What a symmetric key has in place of a private key."""

    def sign(self, *_arguments: Any) -> NoReturn:
        """Refuse."""
        raise self._unsupported()

    def verify(self, *_arguments: Any) -> NoReturn:
        """Refuse."""
        raise self._unsupported()

    def public_key(self) -> NoReturn:
        """Refuse."""
        raise self._unsupported()

    def _unsupported(self) -> JsonRESTError:
        return JsonRESTError("UnsupportedOperationException", "The key is a symmetric key.")


def _make_no_unused_keys() -> None:
    """moto makes an RSA key of 2,048 bits for each symmetric key too: 40 ms that nothing uses."""

    def generate(key_spec: str) -> Any:
        return NoPrivateKey() if key_spec == _SYMMETRIC else old(key_spec)

    old = replace(moto.kms.models, "generate_private_key", generate)
