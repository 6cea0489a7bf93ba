"""moyai cost …: what joint systems cost, and who bears it."""

from __future__ import annotations

from moyai_cli.language import say
from moyai_cli.lazy import Entry, group


def _entry(module: str, command: str | None, ja: str, en: str) -> Entry:
    return Entry(f"moyai_cli.commands.cost_{module}", say(ja, en), command=command)


_COMMANDS: dict[str, Entry] = {
    "import": _entry(
        "intake",
        "import",
        "ファイル、S3 のエクスポート、Cost Explorer の費用を取り込む。誤りが1つでもあれば何も取り込まない。",
        "Put costs on record: files, exports in S3, Cost Explorer; with any fault, nothing is.",
    ),
    "sources": _entry(
        "intake",
        "sources",
        "期間が何に基づくかと、その状態のハッシュを示す。",
        "Show what a period rests on, and the hash of its state.",
    ),
    "withdraw": _entry(
        "intake",
        "withdraw",
        "取り込んだファイルを期間から外す（版は台帳に残る）。",
        "Let a file count no longer in a period; its versions stay on record.",
    ),
    "template": _entry(
        "intake",
        "template",
        "AWS 以外の費用を書くひな形を出す（記入例つき）。",
        "Print the template for other costs, with examples.",
    ),
    "invoice": _entry(
        "invoices",
        None,
        "期間の請求書を登録・一覧・削除する。",
        "Add, list and remove a period's invoices.",
    ),
    "check": _entry(
        "check",
        "check",
        "按分規則の矛盾・重なり・効かない規則を行とともに示す。",
        "Show contradictory, overlapping and dead rules of cost sharing, with their lines.",
    ),
    "meter": _entry(
        "meter",
        "meter",
        "団体の環境を計量し、期間の従量指標として台帳に記録する。",
        "Meter bodies' environments, and put it on record as a period's usage drivers.",
    ),
    "allocate": _entry(
        "periods",
        "allocate",
        "期間の費用を規則どおりに按分して示す（何も変えない）。",
        "Share a period's costs by the rules and show it; changes nothing.",
    ),
    "explain": _entry(
        "periods",
        "explain",
        "団体が負担する 1 円が、どのファイルのどの行からどう計算されたかを示す。",
        "Show which line of which file one yen of a body comes from, and each figure between.",
    ),
    "compare": _entry(
        "periods",
        "compare",
        "今の規則と別の規則で、各団体の負担を並べて示す。",
        "Show what each body bears by the present rules and by others, side by side.",
    ),
    "rows": _entry(
        "periods",
        "rows",
        "期間の明細を列の値ごとに合計して示す（規則を書くときに）。",
        "Sum a period's rows by the values of columns, for writing rules.",
    ),
    "verify": _entry(
        "periods",
        "verify",
        "閉じた期間がすべて閉じたときと同じ結果になり、取り込んだファイルの原本がそろっているか確かめる。",
        "See that every closed period comes out the same, and every imported file is kept as it came.",
    ),
    "statement": _entry(
        "documents",
        "statement",
        "各団体の負担金内訳書と負担金請求書を書き出す。",
        "Write each body's statement and request.",
    ),
    "report": _entry(
        "documents",
        "report",
        "事務局のための期間の概要を書き出す（図表、予算との対比）。",
        "Write the secretariat's overview of a period, with charts and budgets.",
    ),
    "close": _entry(
        "periods",
        "close",
        "期間を閉じる。以後の訂正は、開いている期間の精算になる。",
        "Close a period; later corrections become a settlement in an open one.",
    ),
    "export": _entry(
        "export",
        "export",
        "按分の結果を FOCUS の行として書き出す（CSV か Parquet）。",
        "Write the allocation as FOCUS rows, CSV or Parquet.",
    ),
    "blend": _entry(
        "analysis",
        "blend",
        "どの団体の負担も今から大きく変えない、按分の配合を探す。",
        "Search for blends of keys that move no body far from the present.",
    ),
    "reprice": _entry(
        "analysis",
        "reprice",
        "団体が期間の初日からサービスに加わっていたら、各団体がいくら負担するかを示す。",
        "Show what all would bear had bodies been in a service from the first day.",
    ),
    "sensitivity": _entry(
        "analysis",
        "sensitivity",
        "為替レートが違ったら、各団体がいくら負担するかを示す。",
        "Show what each body would bear at other exchange rates.",
    ),
    "forecast": _entry(
        "analysis",
        "forecast",
        "登録済みの月から、今後の費用と予算の残りを見通す。",
        "Foresee costs and what is left of budgets, from the months on record.",
    ),
}

app = group(
    _COMMANDS,
    add_completion=False,
    help=say("費用を取り込み、団体に按分する。", "Import costs and share them among bodies."),
)


@app.callback()
def _root() -> None:
    """Hold the group: Typer makes none of an application without commands of its own."""
