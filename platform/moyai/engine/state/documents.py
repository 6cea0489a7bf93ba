"""Small documents beside the checkpoints, below `.moyai/` in the state backend."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.engine.files import disk_trouble
from moyai.engine.sites import SiteRuntime
from moyai.engine.state.backends import blobs_of
from moyai.engine.state.blobs import Blobs
from moyai.engine.state.records import RecordStore
from moyai.texts import Text

_ONLY_THIS = Text(
    "書けていないのはこの記録だけです。環境はいまのまま残ります。",
    "Only this record is not written; the environments are as they are.",
)
_FOLDER = ".moyai/"


class Documents:
    """The documents of one site (a `DocumentStore`)."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def read_all(self, prefix: str) -> Mapping[str, bytes]:
        """Every document below a prefix that ends with `/`, key → content."""
        found = self._blobs.get_all(_FOLDER + prefix.rstrip("/"))
        return {key.removeprefix(_FOLDER): content for key, content in found.items()}

    def read(self, key: str) -> bytes | None:
        """One document, or None."""
        return self._blobs.get(_FOLDER + key)

    def write(self, key: str, content: bytes) -> None:
        """Replace one document atomically. Raises `OperationFailed` where that cannot be."""
        try:
            self._blobs.put(_FOLDER + key, content)
        except OSError as error:
            raise disk_trouble(error, key, _ONLY_THIS) from error

    def read_token(self, key: str) -> tuple[bytes, str] | None:
        """One document and a token of it for `swap`, or None."""
        return self._blobs.read(_FOLDER + key)

    def swap(self, key: str, content: bytes | None, token: str | None) -> bool:
        """Replace (None: remove) the document that has this token, or make one where there is none (None):
        whether it did. Raises `OperationFailed` where that cannot be."""
        try:
            return self._blobs.swap(_FOLDER + key, content, token)
        except OSError as error:
            raise disk_trouble(error, key, _ONLY_THIS) from error


def open_documents(runtime: SiteRuntime) -> Documents:
    """The documents of a site. Raises `UsageError` for a backend that Moyai cannot read."""
    return Documents(blobs_of(runtime))


def open_records(runtime: SiteRuntime) -> RecordStore:
    """The records of a site. Raises `UsageError` for a backend that Moyai cannot read."""
    return RecordStore(open_documents(runtime))
