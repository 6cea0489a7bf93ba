"""Every check of tenants.yaml: what is wrong, where it is said to be, and why.

Each case is the sample with replacements; it names all problems that have to come of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from moyai.registry.load import Loaded
from moyai.registry.problems import Problem

Edit = Callable[..., tuple[Problem, ...]]
Check = Callable[[str], Loaded]


@dataclass(frozen=True)
class Case:
    """Replacements in the sample, and the paths and reasons (English) of what they bring."""

    name: str
    changes: tuple[tuple[str, str], ...]
    wanted: tuple[tuple[str, str], ...]
    severity: str = "error"


def case(
    name: str,
    *changes: tuple[str, str],
    wanted: Mapping[str, str | tuple[str, ...]],
    severity: str = "error",
) -> Case:
    pairs = [
        (path, reason)
        for path, reasons in wanted.items()
        for reason in ([reasons] if isinstance(reasons, str) else reasons)
    ]
    return Case(name, changes, tuple(pairs), severity)


SAKAI = 'code: "271403"\n    slug: sakai'
SAKAI_CIDR = "    cidr: 10.64.0.0/20\n"
KISHIWADA = 'code: "272027"\n    slug: kishiwada'
KISHIWADA_LGWAN = "    lgwan: [10.200.3.0/24]\n"
IKEDA = 'code: "272043"\n    slug: ikeda\n    name: 池田市\n    kind: 一般市\n'
YAO_END = "from: 2023-04-01, settings: { payment: pay-easy } }"
CELL = "    - name: a\n      cidr: 10.0.0.0/16\n"
TADAOKA = 'code: "273414"\n    slug: tadaoka\n    name: 忠岡町\n    kind: 町\n'
TADAOKA_END = "    lgwan: [10.200.37.0/24]\n"
VERIFY = """sites:
  verify:
    account_id: "111122223333"
    state_backend: s3://state
    secrets_provider: awskms://alias/state
"""
EAPP_B = "29 団体が順に使い始める（2026-11-25 現在は 27 団体）\n    release: 1.0.0\n"
OPERATORS = "operators:\n"
FIRST_OPERATOR = """    email: keikaku@jimukyoku.example.jp
    role: operator
    bodies: all
"""

CASES = [
    # keys and shapes
    case(
        "unknown key, the nearest named",
        (KISHIWADA_LGWAN, "    lgwans: [10.200.3.0/24]\n"),
        wanted={"tenants[272027].lgwans": "did you mean lgwan?"},
    ),
    case(
        "unknown key at the top",
        ("\ndefaults:\n  tier", "\ndefault:\n  tier"),
        wanted={"default": "did you mean defaults?"},
    ),
    case(
        "a key in full-width letters",
        (SAKAI, SAKAI + "\n    ｔｉｅｒ: large"),
        wanted={"tenants[271403].ｔｉｅｒ": "did you mean tier?"},
    ),
    case(
        "unknown key with nothing like it",
        (SAKAI, SAKAI + "\n    電話: x"),
        wanted={"tenants[271403].電話": "known: approvers, backup, cell"},
    ),
    case(
        "missing key",
        (IKEDA, 'code: "272043"\n    slug: ikeda\n    kind: 一般市\n'),
        wanted={"tenants[272043].name": "missing"},
    ),
    case(
        "doubled key",
        (SAKAI, SAKAI + "\n    slug: sakai2"),
        wanted={"": "the key 'slug' is there twice"},
    ),
    case(
        "a list where keys belong",
        ("{ count: 826161, as_of: 2020-10-01, source: 国勢調査（2020年） }", "[826161]"),
        wanted={"tenants[271403].population": "keys and values are needed here, not a list"},
    ),
    case(
        "a word where a list belongs",
        (KISHIWADA_LGWAN, "    lgwan: 10.200.3.0/24\n"),
        wanted={"tenants[272027].lgwan": "a list (- …) is needed"},
    ),
    case(
        "a fraction of residents",
        ("count: 826161", "count: 826161.5"),
        wanted={"tenants[271403].population.count": "a whole number is needed, not 826161.5"},
    ),
    case(
        "residents below nothing",
        ("count: 826161", "count: -1"),
        wanted={"tenants[271403].population.count": "0 or more, not -1"},
    ),
    case(
        "residents without their date",
        ("count: 826161, as_of: 2020-10-01,", "count: 826161,"),
        wanted={"tenants[271403].population.as_of": "missing"},
    ),
    case(
        "a name with a blank around it",
        ("    name: 堺市", '    name: " 堺市"'),
        wanted={"tenants[271403].name": "spaces around it"},
    ),
    case(
        "a kind that is none",
        ("    name: 堺市\n    kind: 政令市", "    name: 堺市\n    kind: 指定都市"),
        wanted={"tenants[271403].kind": "'指定都市' is none of 都道府県, 政令市"},
    ),
    # codes
    case(
        "wrong check digit, with the right one",
        (SAKAI, SAKAI.replace("271403", "271404")),
        wanted={"tenants[271404].code": "after 27140 comes 3"},
    ),
    case(
        "five digits, with the sixth",
        (SAKAI, SAKAI.replace("271403", "27140")),
        wanted={"tenants[27140].code": "it is 271403"},
    ),
    case(
        "a number that lost its zero",
        (SAKAI, SAKAI.replace('"271403"', "11002")),
        wanted={"tenants[11002].code": "quotes where it begins with a zero"},
    ),
    case(
        "right digits, but on no list",
        (SAKAI, SAKAI.replace("271403", "271993")),
        wanted={"tenants[271993].code": "not on the national list"},
    ),
    case(
        "somebody else's code",
        (SAKAI, SAKAI.replace("271403", "131016")),
        wanted={
            "tenants[131016].name": "131016 is the code of 千代田区 in 東京都, not of 堺市",
            "tenants[131016].kind": "千代田区 is 特別区",
        },
    ),
    case(
        "a town called a city",
        (TADAOKA, TADAOKA.replace("kind: 町", "kind: 一般市")),
        wanted={"tenants[273414].kind": "忠岡町 is 町 by the national list, not 一般市"},
    ),
    case(
        "a designated city that is none",
        (IKEDA, IKEDA.replace("kind: 一般市", "kind: 政令市")),
        wanted={
            "tenants[272043].kind": "池田市 is 中核市 or 一般市 by the national list, not 政令市"
        },
    ),
    case(
        "a joint body with a city's code",
        (TADAOKA, TADAOKA.replace("kind: 町", "kind: 一部事務組合")),
        wanted={"tenants[273414].code": "忠岡町's code, not a joint body's"},
    ),
    case(
        "a joint body of no prefecture",
        (TADAOKA, 'code: "489999"\n    slug: tadaoka\n    name: 泉州組合\n    kind: 広域連合\n'),
        wanted={"tenants[489999].code": "begins with 48, which is no prefecture's number"},
    ),
    case(
        "a joint body's own check digit",
        (TADAOKA, 'code: "279991"\n    slug: tadaoka\n    name: 泉州組合\n    kind: 広域連合\n'),
        wanted={"tenants[279991].code": "after 27999 comes 4"},
    ),
    case(
        "doubled code",
        (
            'code: "273414"\n    slug: tadaoka\n    name: 忠岡町',
            'code: "273619"\n    slug: tadaoka\n    name: 熊取町',
        ),
        wanted={"tenants[273619].code": "'273619' is used twice, first in line"},
    ),
    case(
        "a former code that is a neighbour's",
        (SAKAI, SAKAI + '\n    former_codes: ["272027"]'),
        wanted={"tenants[271403].former_codes[0]": "'272027' is used twice, first in line"},
    ),
    case(
        "a former code with a wrong digit",
        (SAKAI, SAKAI + '\n    former_codes: ["273821", "272011"]'),
        wanted={
            "tenants[271403].former_codes[0]": "'273821' is used twice",
            "tenants[271403].former_codes[1]": "after 27201 comes 9",
        },
    ),
    case(
        "doubled slug",
        (KISHIWADA, KISHIWADA.replace("slug: kishiwada", "slug: sakai")),
        wanted={"tenants[272027].slug": "'sakai' is used twice"},
    ),
    case(
        "a slug that is no DNS label",
        (KISHIWADA, KISHIWADA.replace("slug: kishiwada", "slug: Kishi_wada")),
        wanted={"tenants[272027].slug": "'Kishi_wada' will not do"},
    ),
    case(
        "a slug that is a word of selectors",
        (KISHIWADA, KISHIWADA.replace("slug: kishiwada", "slug: all")),
        wanted={"tenants[272027].slug": "a word of selectors"},
    ),
    # addresses
    case(
        "overlapping pools",
        ("tenants: [10.64.0.0/12]", "tenants: [10.64.0.0/12, 10.8.0.0/16]"),
        wanted={"federation.network.tenants[1]": "overlaps network.cells's 10.0.0.0/12"},
    ),
    case(
        "a cell outside its pool",
        (CELL, CELL.replace("10.0.0.0/16", "10.32.0.0/16")),
        wanted={"federation.cells[0].cidr": "outside federation.network.cells"},
    ),
    case(
        "a cell of the wrong size",
        (CELL, CELL.replace("10.0.0.0/16", "10.0.0.0/18")),
        wanted={"federation.cells[0].cidr": "a /16 is needed, not a /18"},
    ),
    case(
        "two cells on one network, by one name",
        (CELL, CELL + CELL),
        wanted={
            "federation.cells[1].name": "'a' is used twice",
            "federation.cells[1].cidr": "of the same owner",
        },
    ),
    case(
        "a network of the wrong size outside the pools",
        (SAKAI_CIDR, "    cidr: 10.96.0.0/24\n"),
        wanted={
            "tenants[271403].cidr": ("a /20 is needed", "outside federation.network.tenants"),
        },
    ),
    case(
        "two bodies on one network",
        (KISHIWADA, KISHIWADA + "\n    isolation: network\n" + SAKAI_CIDR.rstrip()),
        wanted={"tenants[272027].cidr": "10.64.0.0/20 overlaps 271403's 10.64.0.0/20"},
    ),
    case(
        "network isolation without a network",
        (SAKAI_CIDR, ""),
        wanted={"tenants[271403].cidr": "network isolation needs a cidr"},
    ),
    case(
        "a network without isolation",
        ("    isolation: network #", "    # isolation: network #"),
        wanted={"tenants[271403].cidr": "only a body with network isolation"},
    ),
    case(
        "account isolation, which comes later",
        ("    isolation: network #", "    isolation: account #"),
        wanted={"tenants[271403].isolation": "comes with the production sites"},
    ),
    case(
        "account isolation for all",
        ("defaults:\n  tier: standard", "defaults:\n  isolation: account\n  tier: standard"),
        wanted={"defaults.isolation": "comes with the production sites"},
    ),
    case(
        "host bits",
        (KISHIWADA_LGWAN, "    lgwan: [10.200.3.7/24]\n"),
        wanted={"tenants[272027].lgwan[0]": "did you mean 10.200.3.0/24?"},
    ),
    case(
        "no network at all",
        (KISHIWADA_LGWAN, "    lgwan: [10.200.3.0, 10.200.300.0/24, fd00::/8]\n"),
        wanted={
            "tenants[272027].lgwan[0]": "not an IPv4 network",
            "tenants[272027].lgwan[1]": "not an IPv4 network",
            "tenants[272027].lgwan[2]": "not an IPv4 network",
        },
    ),
    case(
        "a neighbour's LGWAN range",
        (KISHIWADA_LGWAN, "    lgwan: [10.200.3.0/24, 10.200.2.128/25]\n"),
        wanted={"tenants[272027].lgwan[1]": "overlaps 271403's 10.200.2.0/24"},
    ),
    case(
        "all neighbours' LGWAN ranges, said once",
        (TADAOKA_END, "    lgwan: [10.200.0.0/19]\n"),
        wanted={"tenants[273414].lgwan[0]": "overlaps 271004's 10.200.1.0/24 and 30 more"},
    ),
    case(
        "an LGWAN range inside a pool",
        (KISHIWADA_LGWAN, "    lgwan: [10.1.0.0/24]\n"),
        wanted={"tenants[272027].lgwan[0]": "overlaps network.cells's 10.0.0.0/12"},
    ),
    case(
        "everybody let in",
        (TADAOKA_END, "    lgwan: [10.200.37.0/24]\n    office: [0.0.0.0/0]\n"),
        wanted={"tenants[273414].office[0]": "too wide"},
    ),
    case(
        "half of all private addresses",
        (KISHIWADA_LGWAN, "    lgwan: [10.0.0.0/7]\n"),
        wanted={"tenants[272027].lgwan[0]": "too wide"},
    ),
    case(
        "office ranges that overlap",
        (TADAOKA_END, TADAOKA_END + "    office: [172.16.0.0/16]\n"),
        (KISHIWADA_LGWAN, KISHIWADA_LGWAN + "    office: [172.16.8.0/24]\n"),
        wanted={
            "tenants[273414].office[0]": "2 bodies share the office range 172.16.0.0/16"
            " (272027, 273414)"
        },
        severity="warning",
    ),
    case(
        "no way in for the staff",
        (KISHIWADA_LGWAN, ""),
        wanted={"tenants[272027].lgwan": "no staff can reach chat, eapp-b"},
        severity="warning",
    ),
    case(
        "a cell that is not there",
        (SAKAI, SAKAI + "\n    cell: b"),
        wanted={"tenants[271403].cell": "there is no cell 'b'; known: a"},
    ),
    case(
        "a default cell that is not there",
        ("defaults:\n  tier: standard", "defaults:\n  cell: b\n  tier: standard"),
        wanted={"defaults.cell": "there is no cell 'b'"},
    ),
    # services and subscriptions
    case(
        "a service without a folder",
        ("  chat: # ", "  chatt: # "),
        wanted={"services.chatt": "there is no service 'chatt'; did you mean chat?"}
        | {"tenants": "there is no service 'chat'; did you mean chatt?"},
    ),
    case(
        "a release that its manifest does not have",
        (EAPP_B, EAPP_B.replace("1.0.0", "1.0.1")),
        wanted={"services.eapp-b.release": "there is no release '1.0.1'"},
    ),
    case(
        "a release that is a number",
        (EAPP_B, EAPP_B.replace("1.0.0", "1.0")),
        wanted={"services.eapp-b.release": "1.0 is not a release such as 1.2.0"},
    ),
    case(
        "a default edition that does not exist",
        ("      edition: small", "      edition: tiny"),
        wanted={"services.eapp-b.defaults.edition": "there is no edition 'tiny'"},
    ),
    case(
        "no edition, and no default",
        ("    defaults:\n      edition: small\n", ""),
        wanted={"tenants": "an edition is needed: one of small, standard"},
    ),
    case(
        "a manifest outside the folder",
        ("      edition: small\n", "      edition: small\n    manifest: ../elsewhere\n"),
        wanted={"services.eapp-b.manifest": "below the folder of tenants.yaml"},
    ),
    case(
        "a manifest that is not there",
        ("      edition: small\n", "      edition: small\n    manifest: elsewhere\n"),
        wanted={"services.eapp-b.manifest": "there is no folder elsewhere"},
    ),
    case(
        "a subscription of what nobody procured",
        (TADAOKA_END, TADAOKA_END + "    services: [{ service: documents, from: 2027-04-01 }]\n"),
        wanted={"tenants[273414].services[0].service": "there is no service 'documents'"},
    ),
    case(
        "an edition that does not exist",
        (YAO_END, YAO_END.replace("settings:", "edition: large, settings:")),
        wanted={"tenants[272124].services[1].edition": "there is no edition 'large'"},
    ),
    case(
        "the same service twice",
        (
            TADAOKA_END,
            TADAOKA_END + "    services:\n"
            "      - { service: chat, from: 2022-04-01, until: 2023-04-01 }\n"
            "      - { service: chat, from: 2027-04-01 }\n",
        ),
        wanted={"tenants[273414].services[1].service": "'chat' is used twice"},
    ),
    case(
        "an end before the beginning",
        ("from: 2024-01-01, until: 2027-04-01", "from: 2024-01-01, until: 2024-01-01"),
        wanted={"tenants[272183].services[1].until": "until is not after from"},
    ),
    case(
        "days that are none",
        ("from: 2024-01-01, until: 2027-04-01", "from: 2024-02-30, until: 2027-W01-1"),
        wanted={
            "tenants[272183].services[1].from": "'2024-02-30' is not a date",
            "tenants[272183].services[1].until": "'2027-W01-1' is not a date",
        },
    ),
    case(
        "every setting that the schema refuses",
        (
            YAO_END,
            "from: 2023-04-01, settings: { payment: cash, retention_years: 0,"
            " lgwan_staff_route: sometimes, notification_sender: nobody, gbizid: prime } }",
        ),
        wanted={
            "tenants[272124].services[1].settings.payment": "'cash' is none of none, credit-card",
            "tenants[272124].services[1].settings.retention_years": "1 or more, not 0",
            "tenants[272124].services[1].settings.lgwan_staff_route": "true or false is needed",
            "tenants[272124].services[1].settings.notification_sender": "not an e-mail address",
            "tenants[272124].services[1].settings.gbizid": "there is no setting 'gbizid'",
        },
    ),
    case(
        "a default that the schema refuses, said once",
        ("settings: { retention_days: 365 }", "settings: { retention_days: 10 }"),
        wanted={"services.chat.defaults.settings.retention_days": "30 or more, not 10"},
    ),
    case(
        "settings that contradict each other",
        ("delegation: true", "delegation: true, proxy_application: false"),
        wanted={
            "tenants[271004].services[0].settings.proxy_application": "it has to be true, not false"
        },
    ),
    # windows, freezes, contacts
    case(
        "a freeze that ends before it begins",
        ("first: 2027-04-11, last: 2027-04-26", "first: 2027-04-11, last: 2027-04-10"),
        wanted={"tenants[272035].freezes[1].last": "last is before first"},
    ),
    case(
        "bodies of another prefecture",
        (TADAOKA, 'code: "131016"\n    slug: chiyoda\n    name: 千代田区\n    kind: 特別区\n'),
        (IKEDA, 'code: "130001"\n    slug: tokyo\n    name: 東京都\n    kind: 都道府県\n'),
        wanted={"tenants[131016].code": "千代田区 is in 東京都, the federation in 大阪府; 1 more"},
        severity="warning",
    ),
    case(
        "overlapping freezes",
        ("first: 2027-04-11, last: 2027-04-26", "first: 2027-04-07, last: 2027-04-26"),
        wanted={"tenants[272035].freezes[1]": "overlaps the freeze 2027-03-25 to 2027-04-07"},
        severity="warning",
    ),
    case(
        "a window on no day, at no time",
        ('days: [sat, sun], start: "22:00", hours: 6', 'days: [sat, 日], start: "24:00", hours: 0'),
        wanted={
            "defaults.maintenance_window.days[1]": "'日' is none of mon, tue",
            "defaults.maintenance_window.start": "not a time",
            "defaults.maintenance_window.hours": "1 or more, not 0",
        },
    ),
    case(
        "a contact that cannot be reached",
        ("email: joho@yao.example.jp", "email: joho＠yao.example.jp, phone: 内線12"),
        wanted={
            "tenants[272124].contacts[0].email": "not an e-mail address",
            "tenants[272124].contacts[0].phone": "not a telephone number",
        },
    ),
    case(
        "tags that AWS or selectors would not take",
        (
            "lgwan: [10.200.42.0/24]\n    tags: { wave: canary }",
            'lgwan: [10.200.42.0/24]\n    tags: { "aws:x": y, "a b": c, d: "e,f" }',
        ),
        wanted={
            "tenants[273821].tags.aws:x": "cannot name a tag",
            "tenants[273821].tags.a b": "cannot name a tag",
            "tenants[273821].tags.d": "cannot be a tag's value",
        },
    ),
    # federation, sites, operators
    case(
        "a prefecture that is none",
        ("  prefecture: 大阪府", "  prefecture: 大坂府"),
        wanted={"federation.prefecture": "there is no prefecture '大坂府'; did you mean 大阪府?"},
    ),
    case(
        "a federation's single values",
        ("  domain: osaka.example.jp", "  domain: Osaka_example"),
        ('  fiscal_year_start: "04-01"', '  fiscal_year_start: "02-30"'),
        wanted={
            "federation.domain": "not a domain name",
            "federation.fiscal_year_start": "not a month and day",
        },
    ),
    case(
        "a region abroad",
        (OPERATORS, VERIFY + "    region: us-east-1\n" + OPERATORS),
        wanted={"sites.verify.region": "'us-east-1' is none of ap-northeast-1, ap-northeast-3"},
    ),
    case(
        "a backup at home",
        (OPERATORS, VERIFY + "    backup_region: ap-northeast-1\n" + OPERATORS),
        wanted={"sites.verify.backup_region": "the backup region is the region itself"},
    ),
    case(
        "the sandbox declared",
        (OPERATORS, VERIFY.replace("verify", "sandbox") + OPERATORS),
        wanted={"sites.sandbox": "the sandbox needs no entry"},
    ),
    case(
        "two sites in one account",
        (OPERATORS, VERIFY + VERIFY.removeprefix("sites:\n").replace("verify", "prod") + OPERATORS),
        wanted={"sites.prod.account_id": "'111122223333' is used twice"},
    ),
    case(
        "wrong places for state, keys and data, and a password",
        (
            OPERATORS,
            VERIFY.replace("s3://", "gs://").replace("awskms://", "passphrase:")
            + "    operations_database: postgresql://moyai:hunter2@db/moyai\n"
            + "    role_arn: moyai-operator\n"
            + OPERATORS,
        ),
        wanted={
            "sites.verify.state_backend": "begin with s3://",
            "sites.verify.secrets_provider": "begin with awskms://",
            "sites.verify.operations_database": "no password here",
            "sites.verify.role_arn": "not a role's ARN",
        },
    ),
    case(
        "state and its secrets on one person's machine",
        (
            OPERATORS,
            VERIFY.replace("s3://state", "file:///srv/state").replace(
                "awskms://alias/state", "passphrase"
            )
            + OPERATORS,
        ),
        wanted={
            "sites.verify.state_backend": "begin with s3://",
            "sites.verify.secrets_provider": "begin with awskms://",
        },
    ),
    case(
        "a role of another account",
        (OPERATORS, VERIFY + "    role_arn: arn:aws:iam::444455556666:role/moyai\n" + OPERATORS),
        wanted={"sites.verify.role_arn": "not a role of account 111122223333"},
    ),
    case(
        "a role, and an account that cannot be read",
        (
            OPERATORS,
            VERIFY.replace("111122223333", "1111")
            + "    role_arn: arn:aws:iam::444455556666:role/moyai\n"
            + OPERATORS,
        ),
        wanted={"sites.verify.account_id": "12 digits"},
    ),
    case(
        "an operator twice",
        ("email: shonin@jimukyoku.example.jp", "email: keikaku@jimukyoku.example.jp"),
        wanted={"operators[1].email": "is used twice"},
    ),
    case(
        "an operator twice, in other letters",
        ("email: shonin@jimukyoku.example.jp", "email: KEIKAKU@jimukyoku.example.jp"),
        wanted={"operators[1].email": "is used twice"},
    ),
    case(
        "an operator's bodies",
        (FIRST_OPERATOR, FIRST_OPERATOR.replace("bodies: all", "bodies: sakay or kanan")),
        wanted={"operators[0].bodies": "there is no body 'sakay'; nearest: sakai"},
    ),
    case(
        "an operator's selector that cannot be read",
        (FIRST_OPERATOR, FIRST_OPERATOR.replace("bodies: all", "bodies: (sakai")),
        wanted={"operators[0].bodies": "the selector '(sakai' cannot be read"},
    ),
    case(
        "an operator's role",
        (FIRST_OPERATOR, FIRST_OPERATOR.replace("role: operator", "role: root")),
        wanted={"operators[0].role": "'root' is none of viewer, operator, approver, auditor"},
    ),
]


@pytest.mark.parametrize("wrong", CASES, ids=lambda one: one.name)
def test_a_wrong_file(wrong: Case, after: Edit) -> None:
    problems = after(*wrong.changes)
    missing = []
    for path, reason in wrong.wanted:
        fitting = [
            one
            for one in problems
            if (one.path == path or (path == "tenants" and one.path.startswith("tenants[")))
            and reason in one.message.en
        ]
        if not fitting:
            missing.append((path, reason))
    shown = [one.render("en") for one in problems]
    assert not missing, shown
    everywhere = any(path == "tenants" for path, _ in wrong.wanted)
    assert everywhere or len(problems) == len(wrong.wanted), shown
    assert {one.severity for one in problems} == {wrong.severity}, shown
    assert all(re.search(r"[ぁ-んァ-ヶ一-龠]", one.message.ja) for one in problems), shown


def test_an_operator_is_warned_of_after_the_last_day(check: Check, sample: str) -> None:
    loaded = check(sample)
    assert loaded.registry is not None
    last = max(one.expires for one in loaded.registry.operators)
    first = min(one.expires for one in loaded.registry.operators)
    assert loaded.problems_on(first) == loaded.problems == ()
    [past] = loaded.problems_on(first + timedelta(days=1))
    assert past.severity == "warning"
    assert past.path == "operators[2].expires"
    assert str(past.message) == f"the rights of 監査担当 ended on {first}"
    assert len(loaded.problems_on(last + timedelta(days=1))) == len(loaded.registry.operators)
    wrong = check(sample.replace("prefecture: 大阪府", "prefecture: 大坂府"))
    assert [one.severity for one in wrong.problems_on(last)] == ["error", "warning"]


def test_a_valid_joint_body(check: Check, sample: str) -> None:
    loaded = check(
        sample
        + '  - { code: "279994", slug: senshu, name: 泉州組合, kind: 一部事務組合,'
        + ' former_codes: ["279978"] }\n'
    )
    assert loaded.problems == ()
    assert loaded.registry is not None
    assert loaded.registry.tenant("279978") is loaded.registry.tenant("senshu")


def test_a_former_code_still_in_use_is_a_warning(after: Edit) -> None:
    problems = after((SAKAI, SAKAI + '\n    former_codes: ["131016"]'))
    assert [(one.severity, one.path) for one in problems] == [
        ("warning", "tenants[271403].former_codes[0]")
    ]


def test_one_wrong_value_hides_no_other(after: Edit) -> None:
    """A misspelt key, a wrong check digit, an overlap and a wrong setting of one body at once."""
    problems = after(
        (SAKAI, 'code: "271404"\n    slugg: sakai'),
        ("    lgwan: [10.200.2.0/24]", "    lgwan: [10.200.1.0/24, nonsense]"),
        ("payment: both", "payment: cash"),
    )
    assert [one.path for one in problems] == [
        "tenants[271404].slug",
        "tenants[271404].code",
        "tenants[271404].slugg",
        "tenants[271404].lgwan[0]",
        "tenants[271404].lgwan[1]",
        "tenants[271404].services[0].settings.payment",
    ]


def test_a_body_whose_code_is_wrong_is_called_by_its_name(after: Edit) -> None:
    problems = after(
        (SAKAI, SAKAI.replace('"271403"', "11002")),
        (KISHIWADA_LGWAN, "    lgwan: [10.200.2.0/25]\n"),
    )
    assert problems[-1].message.en == "10.200.2.0/25 overlaps 堺市's 10.200.2.0/24"


def test_places_are_those_of_the_file(after: Edit, sample: str) -> None:
    (problem,) = after((KISHIWADA_LGWAN, "    lgwan: [10.200.3.0/24, 10.200.3.9/24]\n"))
    lines = sample.splitlines()
    assert lines[problem.line - 1].startswith("    lgwan: [10.200.3.0/24")
    assert problem.column == len("    lgwan: [10.200.3.0/24, ") + 1
    assert problem.render("ja").startswith(
        f"tenants.yaml:{problem.line}:{problem.column}: tenants[272027].lgwan[1]: 「10.200.3.9/24」"
    )


def test_a_problem_in_an_anchor_is_where_the_anchor_is(check: Check, sample: str) -> None:
    text = sample.replace("&nendo { first: 2027-03-25", "&nendo { first: 2027-13-25")
    problems = check(text).problems
    line = next(i for i, words in enumerate(text.splitlines(), 1) if "&nendo" in words)
    assert {(one.line, one.path) for one in problems} == {
        (line, "defaults.freezes[0].first"),
        (line, "tenants[272035].freezes[0].first"),
    }


def test_a_problem_behind_a_merge_key_is_where_the_key_is(check: Check, sample: str) -> None:
    text = "x-common: &common { tier: large, teir: small }\n" + sample.replace(
        SAKAI, SAKAI + "\n    <<: *common"
    )
    (problem,) = check(text).problems
    assert (problem.line, problem.column) == (1, 34)
    assert problem.path == "tenants[271403].teir"


def test_merge_keys_and_extension_keys_are_honoured(check: Check, sample: str) -> None:
    text = "x-common: &common { tier: large, tags: { wave: last } }\n" + sample.replace(
        SAKAI, SAKAI + "\n    <<: *common\n    tier: own"
    )
    registry = check(text).registry
    assert registry is not None
    sakai = registry.tenant("sakai")
    assert sakai is not None
    assert (sakai.tier, sakai.tags["wave"]) == ("own", "last")


def test_a_body_s_backup_replaces_only_what_it_names(check: Check, sample: str) -> None:
    text = sample.replace("weekly: 8", "weekly: 20").replace(
        SAKAI, SAKAI + "\n    backup: { yearly: 10 }"
    )
    registry = check(text).registry
    assert registry is not None
    sakai = registry.tenant("sakai")
    assert sakai is not None
    assert (sakai.backup.weekly, sakai.backup.yearly, sakai.backup.daily) == (20, 10, 35)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://moyai:hunter2@db/moyai",
        "postgresql://db/moyai?password=hunter2",
        "postgresql://db/moyai?sslpassword=hunter2",
        "postgresql://moyai:hunter2@[db/moyai",
    ],
)
def test_a_password_is_refused_and_never_shown(after: Edit, url: str) -> None:
    problems = after(
        (
            OPERATORS,
            VERIFY + f'    operations_database: "{url}"\n    regionn: "{url}"\n' + OPERATORS,
        )
    )
    assert any("no password here" in one.message.en for one in problems)
    for one in problems:
        assert "hunter2" not in one.render("ja") + one.render("en")


def test_a_private_key_is_refused_and_never_shown(after: Edit, sample: str) -> None:
    key = next(line for line in sample.splitlines() if "ssh_key" in line)
    pasted = "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXk"
    for value in (f'"{pasted}"', f'["{pasted}"]', f'{{ a: "{pasted}" }}'):
        problems = after((key, f"    ssh_key: {value}"))
        assert problems
        for one in problems:
            assert "b3BlbnNz" not in one.render("ja") + one.render("en")
