"""`operations` of a file: what it becomes, what it is without, and what does not go together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.registry.load import load_content
from moyai.registry.models import FormerKey, Operator, Registry, Role
from moyai.registry.operation_build import build_operations
from moyai.registry.operation_file import OperationsFile
from moyai.registry.operation_settings import (
    Amount,
    BodyApprover,
    Event,
    OperationSettings,
    Smtp,
    Tolerance,
    Wave,
)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDdebdZHXhD/kwWZ0qdqZTCnK2179zhXG2Lb3e26Vw0I"
REST = {"name": "残り", "rest": True}
MAIL = {"host": "smtp.example.jp", "from": "moyai@example.jp"}


def text_of(root: dict[str, Any]) -> bytes:
    return yaml.safe_dump(root, allow_unicode=True).encode()


@cache
def sample_with_one_body() -> dict[str, Any]:
    root: dict[str, Any] = yaml.safe_load(SAMPLE.read_bytes())
    return {**root, "tenants": root["tenants"][:1]}


def text_with(operations: object, approvers: Sequence[object] = ()) -> bytes:
    """The sample with its first body only, these settings, and these approvers of that body."""
    root = sample_with_one_body()
    [body] = root["tenants"]
    tenants = [{**body, "approvers": list(approvers)}]
    root = {**root, "tenants": tenants, "operations": operations}
    return yaml.safe_dump(root, allow_unicode=True).encode()


def registry_with(operations: object, approvers: Sequence[object] = ()) -> Registry:
    loaded = load_content(SAMPLE, text_with(operations, approvers))
    assert loaded.registry is not None, loaded.problems
    return loaded.registry


def errors_of(operations: object) -> list[tuple[str, str]]:
    problems = load_content(SAMPLE, text_with(operations)).problems
    return [(one.path.removeprefix("operations."), one.message.en) for one in problems]


@pytest.mark.parametrize("nothing", [None, {}, {"notifications": {}}])
def test_a_file_that_says_nothing_has_every_default(nothing: object) -> None:
    found = registry_with(nothing).operations
    assert found == OperationSettings(edits_need_approval=True)  # by the sample's operators
    assert found.waves == (Wave("全団体", rest=True),)
    assert (found.max_concurrent, found.failure_tolerance) == (Amount(4), Tolerance(Amount(0)))
    assert (found.same_errors, found.max_releases_behind, found.approval_hours) == (3, 2, 72)
    assert (found.verified_restore_days, found.audit_anchor_minutes) == (90, 60)
    assert (found.aws_calls_per_second, found.duration_minutes) == (200, 30)
    assert found.bodies_approve is None


def test_waves_keep_their_order_and_what_each_says() -> None:
    waves = [
        {"name": "先行", "select": "kind:町", "soak_minutes": 60, "needs_approval": True},
        {"name": "一割", "share": "12.5%", "max_concurrent": 2},
        {"name": "三つ", "share": 3, "failure_tolerance": {"bodies": "5%", "mode": "soft"}},
        REST,
    ]
    assert registry_with({"waves": waves}).operations.waves == (
        Wave("先行", select="kind:町", soak_minutes=60, needs_approval=True),
        Wave("一割", share=Amount(percent=Fraction(25, 2)), max_concurrent=Amount(2)),
        Wave(
            "三つ",
            share=Amount(3),
            failure_tolerance=Tolerance(Amount(percent=Fraction(5)), "soft"),
        ),
        Wave("残り", rest=True),
    )


@pytest.mark.parametrize("selector", ["tag:nobody", "tag:wave=no-one", "kind:村", "not all"])
def test_a_wave_may_mean_nobody(selector: str) -> None:
    assert errors_of({"waves": [{"name": "先行", "select": selector}, REST]}) == []
    assert errors_of({"bodies_approve": selector}) == []


@given(st.integers(1, 10_000), st.integers(1, 10**8))
def test_bodies_are_a_number_or_an_exact_share(count: int, millionths: int) -> None:
    share = f"{millionths // 10**6}.{millionths % 10**6:06}%"
    file = OperationsFile.model_validate(
        {"max_concurrent": count, "failure_tolerance": {"bodies": share}}
    )
    found = build_operations(file)
    assert found.max_concurrent == Amount(count)
    assert found.failure_tolerance.bodies == Amount(percent=Fraction(millionths, 10**6))


@pytest.mark.parametrize(
    "wrong", [0, -1, 10_001, True, 1.5, "4", "10", "0%", "100.1%", "10 %", "%"]
)
def test_what_is_no_number_of_bodies_is_an_error(wrong: object) -> None:
    [(path, words)] = errors_of({"max_concurrent": wrong})
    assert path == "max_concurrent"
    assert "neither a number of bodies" in words


def test_the_last_wave_and_no_other_is_the_rest() -> None:
    one = {"name": "一つ", "share": 1}
    behind = "; behind it, waves by risks only"
    assert errors_of({"waves": [one]}) == [
        ("waves[0]", f"the last wave has to be the rest (rest: true){behind}")
    ]
    assert errors_of({"waves": [{"name": "全部", "rest": True}, REST]}) == [
        ("waves[0].rest", f"only the last wave is the rest{behind}")
    ]
    assert errors_of({"waves": [{**one, "select": "all"}, REST]}) == [
        ("waves[0]", "one of select, share, risks and rest says whom it takes")
    ]
    risky = {"name": "注意", "risks": ["contract"]}
    assert errors_of({"waves": [one, REST, risky]}) == []
    assert errors_of({"waves": [risky]}) == [
        ("waves[0]", f"the last wave has to be the rest (rest: true){behind}")
    ]
    assert errors_of({"waves": [REST, risky, one]})[0][0] == "waves[0].rest"


@pytest.mark.parametrize("wrong", [[], ["old"], ["contract", "contract"], True, "contract"])
def test_a_wave_goes_by_risks_that_there_are_each_once(wrong: object) -> None:
    [(path, _)] = errors_of({"waves": [{"name": "注意", "risks": wrong}, REST]})
    assert path.startswith("waves[0].risks")


@pytest.mark.parametrize(
    ("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25), (None, 587)]
)
def test_mail_goes_to_the_port_that_its_encryption_has(security: str | None, port: int) -> None:
    smtp = MAIL if security is None else {**MAIL, "security": security}
    found = registry_with({"notifications": {"smtp": smtp, "bodies": ["debt"]}}).operations
    assert found.notifications.smtp is not None
    assert found.notifications.smtp.port == port
    assert found.notifications.bodies == (Event.DEBT,)
    own = registry_with({"notifications": {"smtp": {**smtp, "port": 2525}}}).operations
    assert own.notifications.smtp is not None
    assert own.notifications.smtp.port == 2525


def test_a_password_is_named_by_its_file_and_never_sent_in_the_clear() -> None:
    login = {"user": "moyai", "password_file": "/etc/moyai/p"}
    found = registry_with({"notifications": {"smtp": {**MAIL, **login}}}).operations
    assert found.notifications.smtp == Smtp(
        "smtp.example.jp", 587, "moyai@example.jp", "starttls", "moyai", "/etc/moyai/p"
    )
    for part in ("user", "password_file"):
        alone = {**MAIL, part: login[part]}
        assert errors_of({"notifications": {"smtp": alone}}) == [
            ("notifications.smtp", "user and password_file go together")
        ]
    clear = {**MAIL, **login, "security": "none"}
    [(path, _)] = errors_of({"notifications": {"smtp": clear}})
    assert path == "notifications.smtp.security"


@pytest.mark.parametrize("whom", ["operators", "bodies"])
def test_mail_needs_a_server(whom: str) -> None:
    assert errors_of({"notifications": {whom: ["done"]}}) == [
        (f"notifications.{whom}", "mail needs a server: smtp is missing")
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.jp/",
        "https://me:hunter2@hooks.example.jp/",
        "https://:99999/hunter2",
        "https://[hunter2/",
        "ftp://hunter2",
        "https://hooks.example.jp/#hunter2",
        "https://hooks.example.jp/hunter2 ",
    ],
)
def test_a_webhook_that_will_not_do_is_not_shown(url: str) -> None:
    hook = {"url": url, "secret_file": "hunter2", "events": ["done"]}
    problems = load_content(SAMPLE, text_with({"notifications": {"webhooks": [hook]}})).problems
    assert [one.path.rpartition(".")[2] for one in problems] == ["secret_file", "url"]
    assert not any("hunter2" in one.message.ja + one.message.en for one in problems)


def test_a_body_has_approvers_of_its_own() -> None:
    last = date(2027, 3, 31)
    one = {"name": "課長", "email": "kacho@example.jp", "expires": last, "ssh_key": KEY}
    [body] = registry_with({}, [one]).tenants
    assert body.approvers == (BodyApprover("課長", "kacho@example.jp", last, KEY),)
    loaded = load_content(SAMPLE, text_with({}, [one]))
    assert loaded.problems_on(last) == ()
    past = loaded.problems_on(date(2027, 4, 1))[-1]
    assert past.path == "tenants[271004].approvers[0].expires"
    assert past.message.en == "the rights of 課長 ended on 2027-03-31"


def test_a_window_may_open_on_holidays() -> None:
    root = SAMPLE.read_text(encoding="utf-8").replace("days: [sat, sun]", "days: [sun, holiday]")
    registry = load_content(SAMPLE, root.encode()).registry
    assert registry is not None
    assert registry.tenants[0].maintenance_window.days == ("sun", "holiday")


@pytest.mark.parametrize(
    "query",
    [
        "token=abcd",
        "x=1&api_key=abcd",
        "sig=abcd",
        "Signature=abcd",
        "my-secret=abcd",
        "pw=",
        "code=abcd",
    ],
)
def test_a_webhook_has_no_secret_in_its_query(query: str) -> None:
    hook = {"url": f"https://hooks.example.jp/m?{query}", "secret_file": "/s", "events": ["done"]}
    [problem] = load_content(SAMPLE, text_with({"notifications": {"webhooks": [hook]}})).problems
    assert "a secret belongs in a file" in problem.message.en
    assert "abcd" not in problem.render("en") + problem.render("ja")


@pytest.mark.parametrize("query", ["", "?body=272027&author=x", "?keyword=a"])
def test_a_webhook_may_have_a_query(query: str) -> None:
    hook = {"url": f"https://hooks.example.jp/m{query}", "secret_file": "/s", "events": ["done"]}
    assert errors_of({"notifications": {"webhooks": [hook]}}) == []


def test_a_key_is_one_person_s() -> None:
    shared = KEY.replace("IDde", "IDdd")
    taken = {
        "name": "甲",
        "email": "ko@city.example.jp",
        "expires": "2099-03-31",
        "ssh_key": f"{shared} other",
    }
    problems = load_content(SAMPLE, text_with({}, [taken])).problems
    assert [one.path for one in problems] == ["tenants[271004].approvers[0].ssh_key"]
    assert "this is the key of keikaku@" in problems[0].message.en
    assert load_content(SAMPLE, text_with({}, [{**taken, "ssh_key": KEY}])).problems == ()


def test_keys_of_before_are_somebody_s_too() -> None:
    root = sample_with_one_body()
    shared = root["operators"][0]["ssh_key"]
    former = {"email": "ko@city.example.jp", "ssh_key": KEY, "until": date(2026, 3, 31)}
    loaded = load_content(SAMPLE, text_of({**root, "former_keys": [former]}))
    assert loaded.problems == ()
    assert loaded.registry is not None
    assert loaded.registry.former_keys == (FormerKey("ko@city.example.jp", KEY, date(2026, 3, 31)),)
    for key, value in (("ssh_key", shared), ("ssh_key", "ssh-dss A"), ("until", 1)):
        wrong = {**root, "former_keys": [{**former, key: value}]}
        [problem] = load_content(SAMPLE, text_of(wrong)).problems
        assert problem.path == f"former_keys[0].{key}"


def test_two_operators_have_two_keys_and_one_person_may_be_both() -> None:
    root = sample_with_one_body()
    first, second, *others = root["operators"]
    both = {key: first[key] for key in ("name", "email", "expires", "ssh_key")}
    [body] = root["tenants"]
    root = {**root, "tenants": [{**body, "approvers": [{**both, "email": both["email"].upper()}]}]}
    assert load_content(SAMPLE, yaml.safe_dump(root, allow_unicode=True).encode()).problems == ()
    operators = [first, {**second, "ssh_key": first["ssh_key"]}, *others]
    [problem] = load_content(
        SAMPLE, yaml.safe_dump({**root, "operators": operators}, allow_unicode=True).encode()
    ).problems
    assert problem.path == "operators[1].ssh_key"


@pytest.mark.parametrize(
    ("roles", "needed"),
    [
        ((), False),
        (("approver",), False),
        (("operator", "operator"), False),
        (("approver", "viewer", "auditor"), False),
        (("approver", "approver"), True),
        (("operator", "viewer", "approver"), True),
    ],
)
def test_edits_need_approval_where_one_may_propose_and_another_approve(
    roles: tuple[str, ...], needed: bool
) -> None:
    persons = [
        Operator(f"p{at}", f"p{at}@example.jp", Role(role), "all", date(2030, 1, 1), KEY)
        for at, role in enumerate(roles)
    ]
    assert build_operations(None, persons).edits_need_approval is needed
    assert build_operations(OperationsFile(), persons).edits_need_approval is needed
    for said in (True, False):
        file = OperationsFile(edits_need_approval=said)
        assert build_operations(file, persons).edits_need_approval is said
