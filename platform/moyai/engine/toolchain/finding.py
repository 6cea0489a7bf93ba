"""Finding the engine in the order: PATH, cache, official installer, build.

The cache holds what one of the two last ways brought in, and was checked then.
"""

from __future__ import annotations

from collections.abc import Callable

from moyai.engine.toolchain.cache import Engine, cache_folder, cached, look, make_cache_folder
from moyai.engine.toolchain.go_build import by_build
from moyai.engine.toolchain.installer import by_installer
from moyai.engine.toolchain.locking import Holder, hold
from moyai.engine.toolchain.path_way import on_path, why_not_on_path
from moyai.engine.toolchain.steps import Progress, Step
from moyai.engine.toolchain.version import VERSION
from moyai.engine.toolchain.ways import WayFailed
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text, of_system

TITLES = {
    "path": Text(f"PATH にある pulumi {VERSION}", f"pulumi {VERSION} on PATH"),
    "installer": Text("公式の導入手順", "the official installer"),
    "build": Text("Go モジュールからの構築", "a build from Go modules"),
}
"""The three ways, in the order in which they are tried."""

_MAKERS: dict[str, Callable[[Progress], Engine]] = {"installer": by_installer, "build": by_build}
_TRYING = {
    "installer": Text(
        f"Pulumi エンジン {VERSION} を公式の手順で導入しています。",
        f"Installing the Pulumi engine {VERSION} the official way.",
    ),
    "build": Text(
        f"Pulumi エンジン {VERSION} を Go モジュールから構築します（初回だけ、数分かかります）。",
        f"Building the Pulumi engine {VERSION} from Go modules (once; it takes some minutes).",
    ),
}

_DAMAGED = Text(
    "保存してあるエンジンは、確かめたときのものと違います。作り直します。",
    "The cached engine is not as it was when it was checked: making it anew.",
)


def find(*, thorough: bool = False) -> Engine | None:
    """The engine that is there already: on PATH in the pinned version, or cached and whole.

    `thorough` takes the cached binary's hash even where its size and time are as they were.
    """
    return on_path() or cached(thorough=thorough)


def ensure(progress: Progress | None = None, *, thorough: bool = False) -> Engine:
    """The engine, installed or built where it has to be. Two at once make one.

    `progress` gets each step on the way, in the thread that called. Raises `OperationFailed` naming
    the three ways and why none worked, or why the cache cannot be written.
    """
    tell: Progress = progress or (lambda _step: None)
    found = find(thorough=thorough)
    if found is not None:
        return found
    try:
        with hold(make_cache_folder() / "lock", lambda holder: tell(_waiting(holder))):
            # Whoever held the lock before may have made it.
            state, found = look(thorough=thorough)
            if state == "damaged":
                tell(Step("damaged", _DAMAGED))
            return found or _make(tell)
    except OSError as error:
        raise _no_cache(error) from None


def _make(tell: Progress) -> Engine:
    failures: dict[str, Text] = {"path": why_not_on_path()}
    for way, make in _MAKERS.items():
        tell(Step("trying", _TRYING[way]))
        try:
            engine = make(tell)
        except WayFailed as failure:
            failures[way] = failure.why
            tell(Step("failed", _not_so(TITLES[way], failure.why)))
        else:
            tell(Step("ready", Text("エンジンができました。", "The engine is ready.")))
            return engine
    raise _none_worked(failures)


def _waiting(holder: Holder | None) -> Step:
    if holder is None:
        who = Text("別の実行", "another run")
    else:
        who = Text(f"別の実行（プロセス {holder}）", f"another run (process {holder})")
    return Step(
        "waiting",
        Text(
            f"{who.ja}がエンジンを用意しています。終わるのを待ちます。",
            f"{who.en} is getting the engine: waiting for it.",
        ),
    )


def _not_so(title: Text, why: Text) -> Text:
    return Text(
        f"{title.ja}: できません（{why.ja}）。", f"{title.en}: not possible here ({why.en})."
    )


def _none_worked(failures: dict[str, Text]) -> OperationFailed:
    reasons = [(TITLES[way], why) for way, why in failures.items()]
    return OperationFailed(
        Text(
            f"Pulumi エンジン {VERSION} を用意できません。三つの方法のどれも使えませんでした。\n"
            + "\n".join(f"- {title.ja}: {why.ja}" for title, why in reasons),
            f"the Pulumi engine {VERSION} cannot be had; none of the three ways worked.\n"
            + "\n".join(f"- {title.en}: {why.en}" for title, why in reasons),
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "三つのうち一つが使えるようにして、もう一度実行してください。",
            "Make one of the three work, then run again.",
        ),
    )


def _no_cache(error: OSError) -> OperationFailed:
    place, why = error.filename or cache_folder(), of_system(error)
    return OperationFailed(
        Text(
            f"エンジンの保存場所 {place} を読み書きできません（{why.ja}）。",
            f"the engine's cache {place} cannot be read or written ({why.en}).",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "空き容量（1 GB ほど）と権限を確かめるか、XDG_CACHE_HOME に別の場所を指定してください。",
            "Look at free space (about 1 GB) and permissions, or name another place in "
            "XDG_CACHE_HOME.",
        ),
    )
