"""`python -m tests.crash.operations.page`: the figures of build/crash/report.json as pages of docs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.crash.operations.check import Findings
from tests.crash.operations.crew import ROOT

from moyai.texts import Text

_REPORT = ROOT / "build" / "crash" / "report.json"
_PAGE = "crash-campaigns.{language}.md"
_COLUMNS: Mapping[str, Text] = {
    "campaigns": Text("試行", "Campaigns"),
    "bodies": Text("団体", "Bodies"),
    "kills": Text("強制終了", "Kills"),
    "kills_per_minute": Text("1分あたり", "Kills a minute"),
    "freezes": Text("凍結", "Freezes"),
    "server_restarts": Text("サーバーの再起動・満杯のディスク", "Servers restarted, disks filled"),
    "takeover_p50_s": Text("引継ぎ p50（秒）", "Takeover p50, s"),
    "takeover_p99_s": Text("引継ぎ p99（秒）", "Takeover p99, s"),
}
_HEAD = Text(
    """# クラッシュ試験の結果

English: [crash-campaigns.en.md](crash-campaigns.en.md)

何を試し、何を外から数えるかは[途中で落ちたとき、一斉作業はどうなるか](crash.ja.md)にあります。この表は
`build/crash/report.json` から `python -m tests.crash.operations.page` が作ります。

{cpus} プロセッサの機械{beside}で、{campaigns} 回（のべ {bodies} 団体）を試し、{kills} 回強制終了しました。
""",
    """# Results of the crash campaigns

日本語: [crash-campaigns.ja.md](crash-campaigns.ja.md)

What is tried, and what is counted from outside, is in
[what happens to operations when something crashes](crash.en.md).
`python -m tests.crash.operations.page` makes this page from `build/crash/report.json`.

On {cpus} processors{beside}: {campaigns} campaigns of {bodies} bodies in all, {kills} kills.
""",
)
_SECTIONS = {
    "killed": Text("## 止めたもの", "## What was killed"),
    "scenarios": Text("## シナリオごと", "## By scenario"),
    "wrong": Text("## 誤り", "## What was wrong"),
}
_KILLED = Text("| プロセス | 強制終了 |", "| Process | Kills |")
_SCENARIO = Text("シナリオ", "Scenario")
_SEEDS = Text("シード値", "Seeds")
_KIND = Text("| 数 | 件数 |", "| Figure | How many |")
_ALL = Text("合計", "together")


def page(document: Mapping[str, Any], beside: Text, language: str) -> str:
    """One page, in `ja` or `en`."""

    def of(text: Text) -> str:
        return text.ja if language == "ja" else text.en

    figures = {name: document[name] for name in ("cpus", "campaigns", "bodies", "kills")}
    parts = [of(_HEAD).format(**figures, beside=of(beside))]
    parts += [of(_SECTIONS["scenarios"]), "", *_by_scenario(document, of), ""]
    parts += [of(_SECTIONS["killed"]), "", of(_KILLED), "|---|---|"]
    parts += [f"| {kind} | {many} |" for kind, many in document["killed"].items()]
    parts += ["", of(_SECTIONS["wrong"]), "", of(_KIND), "|---|---|"]
    parts += [f"| `{name}` | {document[name]} |" for name in Findings().counts()]
    parts += [line for one in document["wrong"] for line in _told(one)]
    return "\n".join(parts).rstrip() + "\n"


def _by_scenario(document: Mapping[str, Any], of: Any) -> list[str]:
    heads = [of(_SCENARIO), *(of(text) for text in _COLUMNS.values()), of(_SEEDS)]
    rows = [*document["scenarios"].items(), (of(_ALL), document)]
    return [
        _row(heads),
        "|---" * len(heads) + "|",
        *(
            _row([_name(name, document), *(_cell(row.get(one)) for one in _COLUMNS), _seeds(row)])
            for name, row in rows
        ),
    ]


def _name(name: str, document: Mapping[str, Any]) -> str:
    return f"`{name}`" if name in document["scenarios"] else name


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object) -> str:
    return "–" if value is None else str(value)


def _seeds(row: Mapping[str, Any]) -> str:
    return ", ".join(map(str, row["seeds"]))


def _told(wrong: Mapping[str, Any]) -> list[str]:
    found = [f"`{name}`: {words}" for name, many in wrong.items() if many for words in _words(many)]
    return ["", f"`{wrong['scenario']}`, {wrong['seed']}:", "", *(f"- {one}" for one in found)]


def _words(many: object) -> list[str]:
    """Names of folders of the machine that it ran on say nothing to a reader."""
    return [str(one).split("\n")[0][:200] for one in many] if isinstance(many, list) else []


def main() -> None:
    """Write both pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, default=_REPORT)
    parser.add_argument("--beside-ja", default="", help="what else ran on the machine, in Japanese")
    parser.add_argument("--beside-en", default="", help="the same in English")
    asked = parser.parse_args()
    document = json.loads(asked.report.read_text(encoding="utf-8"))
    beside = Text(asked.beside_ja, asked.beside_en)
    for language in ("ja", "en"):
        path = ROOT / "docs" / _PAGE.format(language=language)
        path.write_text(page(document, beside, language), encoding="utf-8")


if __name__ == "__main__":
    main()
