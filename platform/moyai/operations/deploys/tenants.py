"""Bodies in the file: looking at one, adding one, changing one, taking added ones out again."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256
from ipaddress import IPv4Network
from pathlib import Path

from moyai.errors import NOTHING_TOUCHED, OperationFailed, Refused
from moyai.operations.deploys.file_deeds import Editor
from moyai.planning.addresses import free_network
from moyai.planning.fingerprints import plain
from moyai.planning.selectors import only
from moyai.registry.change import EntryEdit, TenantChanged, change_tenant
from moyai.registry.checks import TENANT_PREFIX
from moyai.registry.edit import NewTenant, TenantAdded, add_tenant
from moyai.registry.load import require
from moyai.registry.models import Registry
from moyai.texts import Text, of_system


def describe(path: Path, key: str) -> object:
    """One body as plain values, defaults filled in. Raises `UsageError` where there is none."""
    return plain(only(require(path), key))


def add(path: Path, new: NewTenant, editor: Editor | None = None) -> TenantAdded:
    """Add a body, with a network of its own where its isolation needs one; as of `editor` on record.

    Raises as `add_to` does, and `RegistryError` where the file is not valid.
    """
    return add_to(require(path), new, editor)


def add_to(registry: Registry, new: NewTenant, editor: Editor | None = None) -> TenantAdded:
    """Add a body to the file that was read, which is replaced at once.

    Raises `UsageError` as `moyai.registry.edit.add_tenant` does, `OperationFailed` where the file was
    changed meanwhile or cannot be written; it is as it was then.
    """
    with _as_read(registry) as (path, before):
        added = add_tenant(registry, before, new, _free)
        with nullcontext() if editor is None else editor.adding(registry, added):
            _replace(path, added.content)
    return added


def change(
    registry: Registry, code: str, changes: Sequence[EntryEdit], editor: Editor
) -> TenantChanged:
    """Change a body's entry in the file that was read, which is replaced at once; as of `editor` on record.

    Raises `Refused` where edits need approval, `UsageError` as `moyai.registry.change.change_tenant`,
    `OperationFailed` as `add_to`.
    """
    if registry.operations.edits_need_approval:
        raise Refused(
            Text(
                "団体の編集には、別の人の承認が要ります。",
                "edits of bodies need another person's approval.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "--propose を付けて提案し、承認を受けてください（operations の edits_need_approval: false で、"
                "すぐに書くようになります）。",
                "Propose it with --propose, and have that approved (with edits_need_approval: false in "
                "operations it is written at once).",
            ),
        )
    with _as_read(registry) as (path, before):
        changed = change_tenant(registry, before, code, changes)
        with editor.changing(registry, changes, changed):
            _replace(path, changed.content)
    return changed


def would_change(registry: Registry, code: str, changes: Sequence[EntryEdit]) -> TenantChanged:
    """What the file would be. Nothing is written; raises as `change`, but for want of approval."""
    with _as_read(registry) as (_, before):
        return change_tenant(registry, before, code, changes)


def write_change(registry: Registry, changed: TenantChanged) -> None:
    """Put a change that is approved into the file that was read. Raises `OperationFailed`."""
    with _as_read(registry) as (path, _):
        _replace(path, changed.content)


@contextmanager
def _as_read(registry: Registry) -> Iterator[tuple[Path, bytes]]:
    """The file and its content, for as long as nobody else of Moyai writes it.

    Raises `OperationFailed` where it is not what was read.
    """
    path = registry.path.resolve()  # a link stays a link
    with _only_writer(path):
        before = _read(path)
        if sha256(before).hexdigest() != registry.sha256:
            raise OperationFailed(
                Text(
                    f"{path.name} がいま別に書き換えられました。",
                    f"{path.name} was changed by somebody else just now.",
                ),
                touched=NOTHING_TOUCHED,
                remedy=Text("もう一度実行してください。", "Run it again."),
            )
        yield path, before


class Additions:
    """Bodies added to a file for a command that may not come to do anything with them."""

    def __init__(self, path: Path, editor: Editor | None = None) -> None:
        """`editor`: who adds them by hand, as of whom it is on record."""
        self._path = path
        self._editor = editor
        self._before = path.read_bytes()
        self._added: list[TenantAdded] = []

    def add(self, new: NewTenant) -> TenantAdded:
        """Add one. Raises as `add` does."""
        added = add(self._path, new, self._editor)
        self._added.append(added)
        return added

    def withdraw(self) -> Text | None:
        """Take all of them out again; what to tell, or None where none was added."""
        if not self._added:
            return None
        if self._put_back():
            return Text(
                f"{self._path.name} は元に戻しました。", f"{self._path.name} is as it was before."
            )
        return Text(
            f"{self._path.name} は別に書き換えられたので、加えた団体が残っています。",
            f"{self._path.name} was changed meanwhile: the added bodies are still in it.",
        )

    def _put_back(self) -> bool:
        """Make the file what it was before; False where it was changed since. Raises `OperationFailed`."""
        after = sha256(self._added[-1].content).hexdigest()
        path = self._path.resolve()
        with _only_writer(path):
            if sha256(_read(path)).hexdigest() != after:
                return False
            with self._withdrawing():
                _replace(path, self._before)
        return True

    def _withdrawing(self) -> AbstractContextManager[None]:
        if self._editor is None:
            return nullcontext()
        codes = tuple(sorted(one.body.code for one in self._added))
        return self._editor.withdrawing(require(self._path), codes, self._before)


def _free(registry: Registry) -> IPv4Network:
    taken = [body.cidr for body in registry.tenants if body.cidr is not None]
    return free_network(registry.federation.network.tenants, taken, TENANT_PREFIX)


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """One `add` at a time for a folder; the lock goes with the process."""
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unwritable(path, error) from None


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and move it there: a crash leaves the old file or the new one."""
    partial: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            partial = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(path.stat().st_mode & 0o777)
        partial.replace(path)
    except OSError as error:
        if partial is not None:
            partial.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> OperationFailed:
    why = of_system(error)
    return OperationFailed(
        Text(f"{path} に書けません（{why.ja}）。", f"cannot write {path}: {why.en}."),
        touched=NOTHING_TOUCHED,
    )
