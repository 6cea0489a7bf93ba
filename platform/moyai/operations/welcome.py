"""Welcome sheets: what a body's staff has to know on the day it is onboarded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from moyai.operations.session import Session
from moyai.operations.status import outputs
from moyai.planning.selectors import select
from moyai.registry.models import Registry, Tenant
from moyai.texts import Lang, Text


def write_sheets(session: Session, selector: str, day: date, lang: Lang) -> dict[str, Path]:
    """Write a sheet for each selected body below the site's folder; their paths, by code."""
    registry = session.workspace.registry
    folder = session.workspace.runtime.home / "welcome"
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    for body in select(registry, selector, day):
        path = folder / f"{body.code}-{body.slug}.{lang}.md"
        path.write_text(sheet(registry, body, outputs(session, body.code), day).of(lang), "utf-8")
        written[body.code] = path
    return written


def sheet(registry: Registry, body: Tenant, found: Mapping[str, Any], day: date) -> Text:
    """The sheet as Markdown in both languages; no secret is in it."""
    ja = [
        f"# {body.name} 様 ご利用の案内",
        "",
        f"{registry.federation.name}　{day.isoformat()}",
        "",
    ]
    en = [f"# Welcome, {body.name}", "", f"{registry.federation.name}, {day.isoformat()}", ""]
    for name, service in sorted(found.get("services", {}).items()):
        manifest = registry.services[name].manifest
        edition = manifest.editions[service["edition"]]
        urls = service.get("urls", [])
        ja += [
            f"## {manifest.title_ja}（{edition.title_ja}、版 {service['release']}）",
            "",
            *([f"- <{url}>" for url in urls] or [_NO_WAY_IN.ja]),
            "",
        ]
        en += [
            f"## {manifest.title_en} ({edition.title_en}, release {service['release']})",
            "",
            *([f"- <{url}>" for url in urls] or [_NO_WAY_IN.en]),
            "",
        ]
    ranges = ", ".join(str(network) for network in body.lgwan)
    window = body.maintenance_window
    days_ja = "・".join(_DAYS[name] for name in window.days)
    ja += [
        "## 運用",
        "",
        f"- 職員経路は LGWAN の次の範囲から使えます: {ranges or '登録なし'}",
        f"- 保守の時間帯: {days_ja} {window.start:%H:%M} から {window.hours} 時間（日本時間）",
        f"- 控え: 日次 {body.backup.daily}・週次 {body.backup.weekly}・月次 {body.backup.monthly} 世代",
        f"- データは団体ごとの鍵で暗号化しています: `{found.get('key_arn', '')}`",
        f"- 監査用の役割: `{found.get('auditor_role_arn', '')}`",
        "",
    ]
    en += [
        "## Operations",
        "",
        f"- The staff route is open to these LGWAN ranges: {ranges or 'none registered'}",
        f"- Maintenance: {', '.join(window.days)} from {window.start:%H:%M}, {window.hours} hours "
        "(Japan time)",
        f"- Backups kept: {body.backup.daily} daily, {body.backup.weekly} weekly, "
        f"{body.backup.monthly} monthly",
        f"- Your data are encrypted with a key of your own: `{found.get('key_arn', '')}`",
        f"- The role for your auditors: `{found.get('auditor_role_arn', '')}`",
        "",
    ]
    return Text("\n".join(ja), "\n".join(en))


_NO_WAY_IN = Text(
    "入口はまだありません。職員経路だけのサービスで、LGWAN の範囲が登録されていないためです。",
    "There is no way in yet: it has the staff route only, and no LGWAN range is registered.",
)
_DAYS = {
    "mon": "月",
    "tue": "火",
    "wed": "水",
    "thu": "木",
    "fri": "金",
    "sat": "土",
    "sun": "日",
}
