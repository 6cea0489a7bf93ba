"""What `moyai engine info` shows: the pinned version, what was found where, and the three ways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from moyai.engine.toolchain.cache import CacheState, Engine, cache_folder, look
from moyai.engine.toolchain.finding import TITLES
from moyai.engine.toolchain.go_build import why_not_built
from moyai.engine.toolchain.go_tools import Go, find_go, least_go
from moyai.engine.toolchain.path_way import on_path, why_not_on_path
from moyai.engine.toolchain.version import VERSION
from moyai.texts import Lang, Text


@dataclass(frozen=True, slots=True)
class WayInfo:
    """One way to the engine, as it is on this machine."""

    name: str
    """`path`, `installer` or `build`."""
    title: Text
    usable: bool | None
    """None: not known without trying."""
    state: Text


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The engine on this machine."""

    version: str
    """The pinned one."""
    engine: Engine | None
    """The one that commands use; None: the next command that needs one gets it."""
    cache: Path
    """The folder for this version."""
    cache_state: CacheState
    ways: tuple[WayInfo, ...]
    """In the order in which they are tried."""

    def record(self, lang: Lang) -> dict[str, object]:
        """As plain values in one language."""
        found = self.engine
        return {
            "version": self.version,
            "path": None if found is None else str(found.path),
            "origin": None if found is None else found.origin,
            "sha256": None if found is None else found.sha256,
            "cache": str(self.cache),
            "cache_state": self.cache_state,
            "ways": {
                way.name: {
                    "title": way.title.of(lang),
                    "usable": way.usable,
                    "state": way.state.of(lang),
                }
                for way in self.ways
            },
        }


def info() -> EngineInfo:
    """Look, without getting anything. The cached binary's hash is taken."""
    pathed = on_path()
    cache_state, cached = look(thorough=True)
    return EngineInfo(
        version=VERSION,
        engine=pathed or cached,
        cache=cache_folder(),
        cache_state=cache_state,
        ways=(_path(pathed), _installer(), _build(find_go())),
    )


def _path(found: Engine | None) -> WayInfo:
    state = why_not_on_path() if found is None else Text(f"{found.path}", f"{found.path}")
    return WayInfo("path", TITLES["path"], found is not None, state)


def _installer() -> WayInfo:
    state = Text(
        "インターネットに届くときに使えます（試すまで分かりません）",
        "works where the internet can be reached (not known until tried)",
    )
    return WayInfo("installer", TITLES["installer"], None, state)


def _build(go: Go | None) -> WayInfo:
    reason = why_not_built(go)
    if reason is not None or go is None:
        state = reason or Text("go が動きません", "go does not run")
        return WayInfo("build", TITLES["build"], False, state)
    if go.is_new_enough():
        state = Text(
            f"{go} で構築できます（Go モジュールのプロキシに届くとき）",
            f"can be built with {go}, where the Go module proxy can be reached",
        )
        return WayInfo("build", TITLES["build"], True, state)
    least = ".".join(map(str, least_go()))
    state = Text(
        f"{go} が Go {least} を取得してから構築します", f"{go} would first fetch Go {least}"
    )
    return WayInfo("build", TITLES["build"], None, state)
