"""A disk that is full, read-only or broken, as people are told of it, whoever notices: Python or DuckDB."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text, of_system, same


@contextmanager
def telling_of_disk() -> Iterator[None]:
    """Raises `OperationFailed` for a disk that fails in its body, and for want of memory."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        raise _trouble(error) from error


@contextmanager
def temporary_folder(parent: Path | None, prefix: str) -> Iterator[Path]:
    """A folder that is removed in the end; `parent` None: where the system has such. Raises as
    `telling_of_disk`, in its body too."""
    with (
        telling_of_disk(),
        TemporaryDirectory(dir=parent, prefix=prefix, ignore_cleanup_errors=True) as folder,
    ):
        yield Path(folder)


def _trouble(error: Exception) -> OperationFailed:
    words = str(error).splitlines()[0] if str(error) else type(error).__name__
    why = of_system(error) if isinstance(error, OSError) else same(words)
    return OperationFailed(
        Text(
            f"費用のデータを読み書きできません（{why.ja}）。",
            f"data of costs cannot be read or written ({why.en}).",
        ),
        touched=NOTHING_TOUCHED,
        remedy=_REMEDIES.get(getattr(error, "errno", None) or 0, _REMEDY),
    )


_REMEDY = Text(
    "ディスクとメモリの空きを確かめてから、もう一度実行してください。",
    "Look at free disk and memory, then run again.",
)
_MAY_NOT_WRITE = Text(
    "フォルダの権限と、ディスクが読み取り専用でないことを確かめてから、もう一度実行してください。",
    "See whether the folder may be written and the disk is not read-only, then run again.",
)
_REMEDIES = {
    errno.EACCES: _MAY_NOT_WRITE,
    errno.EPERM: _MAY_NOT_WRITE,
    errno.EROFS: _MAY_NOT_WRITE,
}
