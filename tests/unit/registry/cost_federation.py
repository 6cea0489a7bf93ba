"""A small federation whose `cost_sharing` has every key: tests change it by words."""

# ruff: noqa: E501 - the lines are a file's

from __future__ import annotations

BODIES = """\
federation:
  name: 見本共同体
  slug: sample
  prefecture: 大阪府
  domain: sample.example.jp
  cost_centre: kyodo
  network: { cells: [10.0.0.0/12], tenants: [10.64.0.0/12] }
  cells: [{ name: a, cidr: 10.0.0.0/16 }]
services:
  chat: { release: 1.0.0, defaults: { edition: standard } }
  eapp-b: { release: 1.0.0, defaults: { edition: small } }
tenants:
  - code: "271004"
    former_codes: ["279978"]
    slug: osaka
    name: 大阪市
    kind: 政令市
    population: { count: 2752412, as_of: 2020-10-01, source: 国勢調査 }
    lgwan: [10.200.1.0/24]
    services: [{ service: chat, from: 2026-04-01 }, { service: eapp-b, from: 2026-04-01 }]
  - code: "271403"
    slug: sakai
    name: 堺市
    kind: 政令市
    population: { count: 826161, as_of: 2020-10-01, source: 国勢調査 }
    lgwan: [10.200.2.0/24]
    services: [{ service: chat, from: 2026-04-01, until: 2027-01-01 }]
  - code: "273830"
    slug: chihayaakasaka
    name: 千早赤阪村
    kind: 村
    population: { count: 4909, as_of: 2020-10-01, source: 国勢調査 }
    lgwan: [10.200.3.0/24]
"""

COSTS = """\
cost_sharing:
  issuer: { name: 事務局, registration_number: T7000012050002, contact: 計画担当, bank: 見本銀行 }
  instalments: { days: ["05-08", "08-08"], above: 10000000 }
  budgets:
    - { fiscal_year: 2026, body: "271004", service: chat, amount: 1200000, committed: true, warn_percent: 95.5, aws: { monthly_usd: "99.50" } }
    - { fiscal_year: 2026, amount: 9000000 }
  rule_sets:
    - name: 令和9年度
      from: 2027-04-01
      pools: [{ name: all, where: {}, shares: [{ by: equal }] }]
    - name: 令和8年度
      from: 2026-04-01
      until: 2027-04-01
      agreed: 令和8年2月定例会
      population: { as_of: 2025-09-30, source: 住民基本台帳, counts: { "279978": 2757642, "271403": 1, "273830": 2 } }
      rounding: { unit: 1000, method: half_up, bearer: lead, lead: "279978" }
      tax: { treatment: taxable, method: ceiling, difference: carry }
      direct:
        - { name: tagged, where: { ChargeCategory: Usage }, column: "Tags.moyai:tenant", bodies: { SunBird: "271004" } }
      pools:
        - name: chat
          title: チャット
          where: { ServiceName: [Amazon*, null], Tags.service: chat, SubAccountId: 123456789012 }
          service: chat
          members: not kind:村
          prorating: month
          base_fee: 10000
          fixed: { "279978": 500000 }
          minimum: 1000
          maximum: 900000
          joining_fee: 5
          leaving_fee: 6
          shares:
            - { by: equal, percent: 33.3 }
            - { by: population, percent: "100/3", power: 0.585, when_zero: equal }
            - { by: usage, percent: 20, driver: requests, when_zero: other_parts }
            - { by: percent, percent: "401/30", percents: { "271004": 0, "271403": 100.0 } }
          subsidies:
            - { name: 国, when: before, percent: "1/3" }
            - { name: 県, when: after, amount: 100000, bodies: sakai }
          flows_into: [{ pool: common, percent: 25 }]
        - { name: common, shares: [{ by: population }] }
"""


def whole(*changes: tuple[str, str]) -> str:
    """The file after replacements in its rules, each of which has to apply exactly once."""
    text = COSTS
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return BODIES + text
