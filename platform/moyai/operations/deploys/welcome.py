"""Welcome sheets: what a body's staff has to know on the day it is onboarded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from moyai.operations.deploys.status import outputs
from moyai.operations.site.session import Session
from moyai.planning import names
from moyai.planning.routes import WAYS, Way, closes_staff_route
from moyai.planning.selectors import select
from moyai.registry.models import BackupPolicy, Registry, Tenant
from moyai.texts import Lang, Text, same


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
    """The sheet as Markdown in both languages; no secret is in it.

    `found`: what the body's stack exports (`moyai.infra.outputs.TenantOutputs`).
    """
    services = found.get("services", {})
    lines = [
        Text(f"# {body.name} 様 ご利用の案内", f"# Welcome, {body.name}"),
        _BLANK,
        Text(
            f"{registry.federation.name}　{day.isoformat()}",
            f"{registry.federation.name}, {day.isoformat()}",
        ),
        _BLANK,
    ]
    for name, service in sorted(services.items()):
        lines += _service(registry, body, name, service)
    if not services:
        lines += [Text("使っているサービスはまだありません。", "No service is in use yet."), _BLANK]
    lines += [Text("## 運用", "## Operations"), _BLANK]
    lines += _staff(registry, body, services)
    window = body.maintenance_window
    days = "・".join(_DAYS[name] for name in window.days)
    key, auditor = found.get("key_arn", ""), found.get("auditor_role_arn", "")
    lines += [
        Text(
            f"- 保守の時間帯: {days} {window.start:%H:%M} から {window.hours} 時間（日本時間）",
            f"- Maintenance: {', '.join(window.days)} from {window.start:%H:%M}, {window.hours} hours "
            "(Japan time)",
        ),
        _backups(body.backup),
        Text(
            f"- データは団体ごとの鍵で暗号化しています: `{key}`",
            f"- Your data are encrypted with a key of your own: `{key}`",
        ),
        Text(f"- 監査用の役割: `{auditor}`", f"- The role for your auditors: `{auditor}`"),
        _BLANK,
    ]
    return Text("\n".join(line.ja for line in lines), "\n".join(line.en for line in lines))


def _service(
    registry: Registry, body: Tenant, name: str, service: Mapping[str, Any]
) -> Iterator[Text]:
    manifest = registry.services[name].manifest
    edition = manifest.editions[service["edition"]]
    release = service["release"]
    yield Text(
        f"## {manifest.title_ja}（{edition.title_ja}、リリース {release}）",
        f"## {manifest.title_en} ({edition.title_en}, release {release})",
    )
    yield _BLANK
    if not service["active"]:
        yield _ended(body, name)
    elif urls := service["urls"]:
        yield from (_way_in(registry, body, name, url) for url in urls)
    else:
        yield _no_way_in(registry, body, name)
    yield _BLANK


def _ended(body: Tenant, name: str) -> Text:
    subscription = body.subscription(name)
    if subscription is None or subscription.until is None:
        return Text(
            "利用を終えました。データは残してあります。", "Its use ended. Its data are kept."
        )
    until = subscription.until
    return Text(
        f"{until} に利用を終えました。データは残してあります。",
        f"Its use ended on {until}. Its data are kept.",
    )


def _way_in(registry: Registry, body: Tenant, name: str, url: str) -> Text:
    ways = [way for way in WAYS if _url(registry, body, name, way) == url]
    if not ways:
        return same(f"- <{url}>")
    ja = "・".join(_FOR[way].ja for way in ways)
    en = " and ".join(_FOR[way].en for way in ways)
    return Text(f"- {ja}: <{url}>", f"- {en}: <{url}>")


def _url(registry: Registry, body: Tenant, name: str, way: Way) -> str | None:
    pattern = getattr(registry.services[name].manifest.routes, way)
    if pattern is None:
        return None
    return f"https://{names.host(pattern, registry.federation, body.slug, body.code)}/"


def _no_way_in(registry: Registry, body: Tenant, name: str) -> Text:
    routes = registry.services[name].manifest.routes
    if routes.public is not None or routes.staff is None:
        return Text("入口はまだありません。", "There is no way in yet.")
    if _is_closed(body, name):
        return Text(
            "入口はありません。職員経路だけのサービスで、職員経路を閉じる設定になっているためです。",
            "There is no way in: it has the staff route only, and settings close its staff route.",
        )
    return Text(
        "入口はまだありません。職員経路だけのサービスで、LGWAN の範囲が登録されていないためです。",
        "There is no way in yet: it has the staff route only, and no LGWAN range is registered.",
    )


def _is_closed(body: Tenant, name: str) -> bool:
    subscription = body.subscription(name)
    return subscription is not None and closes_staff_route(subscription)


def _staff(
    registry: Registry, body: Tenant, services: Mapping[str, Mapping[str, Any]]
) -> Iterator[Text]:
    """From where staff comes in, where a service in use has a staff route that is not closed."""
    if not any(
        service["active"]
        and registry.services[name].manifest.routes.staff is not None
        and not _is_closed(body, name)
        for name, service in services.items()
    ):
        return
    ranges = ", ".join(str(network) for network in body.lgwan)
    if ranges:
        yield Text(
            f"- 職員経路は LGWAN の次の範囲から使えます: {ranges}",
            f"- The staff route is open to these LGWAN ranges: {ranges}",
        )
    else:
        yield Text(
            "- LGWAN の範囲が登録されていないため、職員経路はまだ使えません。"
            "使うには事務局に範囲を知らせてください。",
            "- The staff route is not open yet: no LGWAN range is registered. Tell the secretariat "
            "yours to use it.",
        )


def _backups(policy: BackupPolicy) -> Text:
    ja = "、別のリージョンにも置く" if policy.second_region else ""
    en = ", with a copy in a second region" if policy.second_region else ""
    return Text(
        f"- 控えの取り決め: 日次 {policy.daily}・週次 {policy.weekly}・月次 {policy.monthly}・"
        f"年次 {policy.yearly} 世代{ja}。いまは事務局が行う一斉バックアップ（moyai backup run）で取り、"
        "復元も試しています。予定に沿った自動の取得と世代の管理は、もやいの後の版で始まります。",
        f"- Backups, as agreed: {policy.daily} daily, {policy.weekly} weekly, {policy.monthly} "
        f"monthly, {policy.yearly} yearly{en}. For now the secretariat makes them (moyai backup run), and "
        "tries to restore each; scheduled ones, and generations, come with a later version of Moyai.",
    )


_BLANK = same("")
_FOR: Mapping[Way, Text] = {
    "public": Text("住民向け", "for residents"),
    "staff": Text("職員向け（LGWAN）", "for staff (LGWAN)"),
}
_DAYS = {
    "mon": "月",
    "tue": "火",
    "wed": "水",
    "thu": "木",
    "fri": "金",
    "sat": "土",
    "sun": "日",
    "holiday": "祝日",
}
