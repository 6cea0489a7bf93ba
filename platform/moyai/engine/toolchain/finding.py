"""Finding the engine in the order: PATH, cache, official installer, build.

The cache holds what one of the two last ways brought in, and was checked then.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from moyai.engine.toolchain.cache import Engine, cache_folder, cached, lock
from moyai.engine.toolchain.version import VERSION, version_of
from moyai.engine.toolchain.ways import LEAST_GO, WayFailed, by_build, by_installer, go_version
from moyai.errors import OperationFailed
from moyai.texts import Lang, Text

Progress = Callable[[Text], object]


def find() -> Engine | None:
    """The engine that is there already: on PATH in the pinned version, or cached."""
    return on_path() or cached()


def on_path() -> Engine | None:
    """`pulumi` on PATH, if it has the pinned version."""
    found = shutil.which("pulumi")
    if found is None:
        return None
    path = Path(found)
    return Engine(path, VERSION, "path") if version_of(path) == VERSION else None


def ensure(progress: Progress | None = None) -> Engine:
    """The engine, installed or built where it has to be. Two at once make one.

    Raises `OperationFailed` naming the three ways and why none worked.
    """
    tell: Progress = progress or (lambda _text: None)
    found = find()
    if found is not None:
        return found

    def waiting(pid: str) -> None:
        tell(
            Text(
                f"別の実行（プロセス {pid}）がエンジンを用意しています。待ちます。",
                f"another run (process {pid}) is getting the engine: waiting.",
            )
        )

    with lock(waiting):
        return cached() or _make(tell)


def _make(tell: Progress) -> Engine:
    failures: list[tuple[Text, Text]] = [(_PATH_WAY, _why_not_on_path())]
    for way, announced, make in (
        (_INSTALLER_WAY, _INSTALLING, by_installer),
        (_BUILD_WAY, _BUILDING, by_build),
    ):
        tell(announced)
        try:
            return make()
        except WayFailed as failure:
            failures.append((way, failure.why))
    raise OperationFailed(
        Text(
            f"Pulumi エンジン {VERSION} を用意できません。\n"
            + "\n".join(f"- {way.ja}: {why.ja}" for way, why in failures),
            f"the Pulumi engine {VERSION} cannot be had.\n"
            + "\n".join(f"- {way.en}: {why.en}" for way, why in failures),
        ),
        touched=Text("何も変更していません。", "Nothing was touched."),
        remedy=Text(
            "三つのうち一つを整えて、もう一度実行してください。",
            "Make one of the three work and run again.",
        ),
    )


_PATH_WAY = Text(f"PATH にある pulumi {VERSION}", f"pulumi {VERSION} on PATH")
_INSTALLER_WAY = Text("公式の導入手順", "the official installer")
_BUILD_WAY = Text("Go モジュールからの構築", "a build from Go modules")
_INSTALLING = Text(
    f"Pulumi エンジン {VERSION} を公式の手順で導入しています…",
    f"Installing the Pulumi engine {VERSION} the official way…",
)
_BUILDING = Text(
    f"Pulumi エンジン {VERSION} を Go モジュールから構築しています（数分かかります）…",
    f"Building the Pulumi engine {VERSION} from Go modules (takes some minutes)…",
)


def _why_not_on_path() -> Text:
    found = shutil.which("pulumi")
    if found is None:
        return Text("pulumi が PATH にありません", "there is no pulumi on PATH")
    version = version_of(Path(found)) or "?"
    return Text(f"PATH の pulumi は {version} です", f"the one on PATH is {version}")


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What `moyai engine info` shows."""

    version: str
    engine: Engine | None
    cache: Path
    ways: Mapping[str, Text]
    """`path`, `installer`, `build` → their state here."""

    def record(self, lang: Lang) -> dict[str, object]:
        """As plain values in one language."""
        return {
            "version": self.version,
            "path": None if self.engine is None else str(self.engine.path),
            "origin": None if self.engine is None else self.engine.origin,
            "cache": str(self.cache),
            "ways": {name: state.of(lang) for name, state in self.ways.items()},
        }


def info() -> EngineInfo:
    """Look, without installing anything."""
    go = shutil.which("go")
    return EngineInfo(
        VERSION,
        find(),
        cache_folder(),
        {
            "path": _FITS if on_path() is not None else _why_not_on_path(),
            "installer": Text(
                "試すまで分かりません（要インターネット）", "known when tried (internet)"
            ),
            "build": _state_of_go(go),
        },
    )


_FITS = Text("使えます", "fits")


def _state_of_go(go: str | None) -> Text:
    if go is None:
        return Text("go が PATH にありません", "there is no go on PATH")
    found = go_version(go)
    if found is None or found < LEAST_GO:
        return Text(f"{go} は古すぎます", f"{go} is too old")
    words = ".".join(map(str, found))
    return Text(f"Go {words} で構築できます", f"can be built with Go {words}")
