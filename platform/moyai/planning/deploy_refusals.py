"""What deploy will not do to a body: each rule says why, and what to do instead. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from moyai.planning.conditions import Recorded
from moyai.registry.models import Subscription, Tenant
from moyai.texts import Text

_MOVES: Mapping[str, Text] = {
    "federation": Text("共同体の slug", "the federation's slug"),
    "domain": Text("共同体のドメイン", "the federation's domain"),
    "account": Text("拠点の AWS アカウント", "the site's AWS account"),
    "region": Text("拠点のリージョン", "the site's region"),
    "backup_region": Text("拠点の予備リージョン", "the site's backup region"),
    "isolation": Text("分離方式", "its isolation"),
    "cell": Text("セル", "its cell"),
    "cidr": Text("ネットワーク（CIDR）", "its network (CIDR)"),
}


def refusals(
    body: Tenant,
    facts: Mapping[str, str],
    recorded: Recorded,
    day: date,
    today: date,
    *,
    begun: bool = False,
) -> tuple[Text, ...]:
    """Why a body's stack may not be changed as the file says; empty where it may.

    Asked only for a body that has something to change. `facts` are as the file has them. Nobody
    uses a new body yet, so freezes do not hold it up. They count on the day that the file is read
    for and on today, so that another day does not open what is frozen; what was `begun`
    before a freeze goes on to its end.
    """
    return (
        *moved(facts, recorded),
        *_dropped(body, recorded),
        *_put_off(body, recorded, day, today),
        *(() if begun or not recorded.facts else frozen(body, {day, today})),
    )


def moved(now: Mapping[str, str], recorded: Recorded) -> tuple[Text, ...]:
    """What would move the data of a stack on record, given its facts as the file has them."""
    return tuple(
        Text(
            f"{what.ja}が {recorded.facts[key] or 'なし'} から {now[key] or 'なし'} に"
            "変わっています。"
            "データの移動や作り直しを伴うため、適用では行いません。元に戻してください。",
            f"{what.en} changed from {recorded.facts[key] or 'none'} to {now[key] or 'none'}: "
            "that would move data or build anew what bodies stand on, which deploy does not do; "
            "put it back.",
        )
        for key, what in _MOVES.items()
        if key in now and recorded.facts.get(key, now[key]) != now[key]
    )


def _dropped(body: Tenant, recorded: Recorded) -> tuple[Text, ...]:
    named = {subscription.service for subscription in body.subscriptions}
    return tuple(
        Text(
            f"{service} の利用が tenants.yaml から消えていますが、データが残っています。"
            "行を戻し、until に終了日を書いてください（データの消去は、これからの版で加わる "
            "moyai exit で行います）。",
            f"its subscription of {service} vanished from tenants.yaml, but its data are there: "
            "put the entry back with an `until` date (erasing data is for moyai exit, which a "
            "later version brings).",
        )
        for service in sorted(recorded.releases)
        if service not in named
    )


def _put_off(body: Tenant, recorded: Recorded, day: date, today: date) -> tuple[Text, ...]:
    """A service that runs is not to be built away because its first day was moved, or because the
    file is read for a day before it."""
    return tuple(
        _before_first_day(one, day)
        if one.has_begun(today)
        else Text(
            f"{one.service} は導入済みですが、開始日 from が {one.start} と、基準日 {day} より後に"
            "なっています。元に戻してください（終えるには until に終了日を書きます）。",
            f"{one.service} is onboarded, but its `from` is {one.start}, after {day}: put it back "
            "(a service ends by an `until` date).",
        )
        for one in body.subscriptions
        if one.service in recorded.releases and not one.has_begun(day)
    )


def _before_first_day(one: Subscription, day: date) -> Text:
    return Text(
        f"{one.service} は {one.start} に始まり、導入済みです。基準日 {day} はそれより前なので、"
        "その日の姿には戻せません。",
        f"{one.service} began on {one.start} and is onboarded; the day asked for, {day}, lies "
        "before that, and nothing is taken back to it.",
    )


def frozen(body: Tenant, days: Collection[date]) -> tuple[Text, ...]:
    """Why nothing of a body may be changed on some days; empty where it may."""
    return tuple(
        Text(
            f"{freeze.first}〜{freeze.last} は凍結期間です（{freeze.reason}）。"
            "期間の後に行ってください。",
            f"frozen from {freeze.first} to {freeze.last} ({freeze.reason}); do it after that.",
        )
        for freeze in body.freezes
        if any(freeze.first <= day <= freeze.last for day in days)
    )


def orphan(who: str, successor: Tenant | None) -> Text:
    """Why a body that is on record but not in the file is left alone; `who` is its code and name,
    `successor` the body of the file into which it was merged, if any."""
    if successor is not None:
        into = f"{successor.code} {successor.name}"
        return Text(
            f"{who} は {into} の合併前のコードですが、その環境とデータが残っています。"
            "もやいはまだデータを移せません。移すまでは、もとの団体の記載を戻し、"
            "former_codes に書かないでください。",
            f"{who} merged into {into}, but its environment and data are there, and Moyai does "
            "not move data yet. Until they are moved, put the body back, and leave the code out "
            "of former_codes.",
        )
    return Text(
        f"{who} は tenants.yaml から消えていますが、環境とデータが残っています。"
        "誤って消したなら戻してください。退会は moyai exit で行います（これからの版で加わります）。",
        f"{who} vanished from tenants.yaml, but its environment and data are there. Put it back "
        "if that was a mistake; a body leaves by moyai exit, which a later version brings.",
    )
