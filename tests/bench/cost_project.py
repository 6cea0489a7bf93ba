"""What `make bench-cost` shares out: a federation of 1,741 bodies by 12 rules, and its bill in FOCUS rows.

All is made up, and the same each time: every value follows from its row's number.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
from tests.bench import projects
from tests.sample import lay_out

from moyai.registry.codes import Listed, national_list

PERIOD = "2026-05"
BODIES = 1741
ACCOUNTS = ("111111111111", "222222222222", "333333333333")
"""Payer accounts; each has an invoice of its own."""
ISSUER = "Amazon Web Services, Inc."
RATE = 151
"""Yen for a dollar on the invoices, about."""

_SERVICES = (
    ("Amazon Elastic Container Service", "Compute", 24),
    ("Amazon Relational Database Service", "Databases", 18),
    ("Amazon Simple Storage Service", "Storage", 16),
    ("AmazonCloudWatch", "Management and Governance", 12),
    ("Elastic Load Balancing", "Networking", 7),
    ("Amazon Virtual Private Cloud", "Networking", 6),
    ("AWS Data Transfer", "Networking", 5),
    ("AWS Key Management Service", "Security", 4),
    ("AWS Secrets Manager", "Security", 3),
    ("AWS WAF", "Security", 2),
    ("AWS Backup", "Storage", 1),
    ("AWS Support (Business)", "Other", 1),
    ("Amazon Route 53", "Networking", 1),
)
"""Name, FOCUS category, and how many of 100 rows."""

_RULES = """
  rule_sets:
    - name: 全国の負担金規程（計測用）
      from: 2026-04-01
      population: {population}
      direct:
        - name: 団体の環境
          where: {{ ServiceName: [Amazon Elastic Container Service, Amazon Relational Database Service] }}
          column: Tags.moyai:tenant
        - name: 専用アカウント
          column: SubAccountId
          bodies: {{ "900000000001": "{first}", "900000000002": "{second}" }}
      pools:
        - name: 消費税
          where: {{ ChargeCategory: Tax }}
          shares: [{{ by: direct }}]
        - name: 支援
          where: {{ ServiceName: AWS Support* }}
          flows_into: [{{ pool: chat, percent: 30 }}, {{ pool: eapp-a, percent: 40 }},
                       {{ pool: 共通, percent: 30 }}]
        - name: 通信
          where: {{ ServiceName: [Elastic Load Balancing, Amazon Virtual Private Cloud, AWS Data Transfer] }}
          flows_into: [{{ pool: 共通, percent: 20 }}]
          shares: [{{ by: equal, percent: 50 }}, {{ by: population, percent: 50 }}]
        - name: 安全
          where: {{ ServiceName: [AWS Key Management Service, AWS Secrets Manager, AWS WAF] }}
          minimum: 500
          shares: [{{ by: population }}]
        - name: 監視
          where: {{ ServiceName: AmazonCloudWatch }}
          shares: [{{ by: usage, percent: 70, driver: requests }}, {{ by: equal, percent: 30 }}]
        - name: 保管
          where: {{ ServiceCategory: Storage, "Tags.moyai:tenant": null }}
          shares: [{{ by: usage, percent: 60, driver: storage }}, {{ by: population, percent: 40 }}]
        - name: chat
          where: {{ "Tags.moyai:service": chat }}
          shares: [{{ by: equal, percent: 20 }}, {{ by: population, percent: 80 }}]
        - name: eapp-a
          where: {{ "Tags.moyai:service": eapp-a }}
          shares: [{{ by: equal, percent: 40 }}, {{ by: population, percent: 40 }},
                   {{ by: usage, percent: 20, driver: requests }}]
        - name: eapp-b
          service: eapp-b
          where: {{ "Tags.moyai:service": eapp-b }}
          base_fee: 1000
          shares: [{{ by: population, power: 0.585 }}]
        - name: 共通
          where: {{}}
          shares: [{{ by: equal, percent: 50 }}, {{ by: population, percent: 50 }}]
"""


def bodies(count: int = BODIES) -> list[Listed]:
    """The bodies of a generated federation, in its order."""
    return [one for one in national_list().values() if one.kind != "都道府県"][:count]


def federation(folder: Path, count: int = BODIES) -> Path:
    """A project of that many bodies with the 12 rules; the path of its tenants.yaml."""
    return lay_out(folder, text(count))


def text(count: int) -> str:
    """tenants.yaml of the generated federation with the 12 rules."""
    those = bodies(count)
    counts = {one.code: one.population_2020 or 0 for one in those}
    population = {"as_of": "2020-10-01", "source": "国勢調査", "counts": counts}
    rules = _RULES.format(
        population=json.dumps(population, ensure_ascii=False),
        first=those[0].code,
        second=those[1].code,
    )
    issuer = "cost_sharing:\n  issuer: { name: 事務局（計測用） }"
    words, number = re.subn(
        r"^cost_sharing:\n.*?(?=^tenants:\n)",
        lambda _: f"{issuer}{rules}",
        projects.text(count),
        flags=re.DOTALL | re.MULTILINE,
    )
    assert number == 1  # the sample's rules stand before its bodies
    return words


def write_drivers(path: Path, count: int = BODIES) -> Path:
    """Usage of the period, `requests` and `storage`, as a CSV file of the product's own form."""
    lines = ["driver,period,code,quantity"]
    for at, one in enumerate(bodies(count)):
        residents = one.population_2020 or 0
        lines.append(f"requests,{PERIOD},{one.code},{residents // 7 + at % 100}")
        lines.append(f"storage,{PERIOD},{one.code},{residents // 3}.{at % 1000:03}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_rows(path: Path, rows: int, codes: list[str]) -> Path:
    """That many FOCUS rows of one period in Parquet, tags naming these bodies.

    Seven of ten rows name a body by tag, one of 50 is a credit, one of 100 tax; 24 columns.
    """
    names, categories = _weighted()
    listed = ", ".join(f"'{code}'" for code in codes)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2; SET memory_limit = '2GB'")
        connection.execute(f"SET VARIABLE codes = [{listed}]")
        connection.execute(f"SET VARIABLE names = {names!r}")
        connection.execute(f"SET VARIABLE categories = {categories!r}")
        connection.execute(f"COPY ({_ROWS.format(rows=rows)}) TO '{path}' (FORMAT parquet)")
    return path


def _weighted() -> tuple[list[str], list[str]]:
    """Each of 100 places' service and category."""
    places = [(name, category) for name, category, weight in _SERVICES for _ in range(weight)]
    assert len(places) == 100
    return [name for name, _ in places], [category for _, category in places]


_LISTED = ", ".join(f"'{account}'" for account in ACCOUNTS)
_ROWS = f"""
WITH drawn AS (
    SELECT i, hash(i) AS a, hash(i + 1000000007) AS b, hash(i + 2000000011) AS c
    FROM range({{rows}}) AS numbers(i)
), known AS (
    SELECT *,
        1 + (a % 100)::INTEGER AS place,
        (a // 100 % 10000)::BIGINT * (a // 1000000 % 1000000)::BIGINT AS amount,
        CASE WHEN i % 100 = 99 THEN 'Tax' WHEN i % 50 = 48 THEN 'Credit' ELSE 'Usage' END AS category,
        CASE WHEN b % 10 < 7
            THEN getvariable('codes')[1 + (b // 10 % len(getvariable('codes')))::INTEGER] END AS tenant,
        ['eapp-a', 'eapp-b', 'chat', NULL][1 + (c % 4)::INTEGER] AS service,
        (c // 4 % 744)::INTEGER AS hour
    FROM drawn
), billed AS (
    SELECT *, CAST(CASE category WHEN 'Credit' THEN -amount ELSE amount END AS DECIMAL(18, 0)) AS signed
    FROM known
)
SELECT
    CAST(signed * 0.0000000001 AS DECIMAL(18, 10)) AS BilledCost,
    CAST(signed * 0.0000000001 AS DECIMAL(18, 10)) AS EffectiveCost,
    CAST(amount * 0.0000000001 AS DECIMAL(18, 10)) AS ListCost,
    CAST(amount * 0.0000000001 AS DECIMAL(18, 10)) AS ContractedCost,
    'USD' AS BillingCurrency,
    [{_LISTED}][1 + (c // 4000 % 3)::INTEGER] AS BillingAccountId,
    TIMESTAMP '2026-05-01' AS BillingPeriodStart,
    TIMESTAMP '2026-06-01' AS BillingPeriodEnd,
    TIMESTAMP '2026-05-01' + to_hours(hour) AS ChargePeriodStart,
    TIMESTAMP '2026-05-01' + to_hours(hour + 1) AS ChargePeriodEnd,
    category AS ChargeCategory,
    getvariable('names')[place] || ', hour ' || hour AS ChargeDescription,
    '{ISSUER}' AS InvoiceIssuerName,
    '{PERIOD}-' || (c // 4000 % 3) AS InvoiceId,
    'AWS' AS ProviderName,
    'AWS' AS PublisherName,
    getvariable('names')[place] AS ServiceName,
    getvariable('categories')[place] AS ServiceCategory,
    ['ap-northeast-1', 'ap-northeast-3'][1 + (c // 12000 % 2)::INTEGER] AS RegionId,
    'arn:aws:x:ap-northeast-1:resource/' || (b // 100000 % 200000) AS ResourceId,
    CASE WHEN c // 24000 % 1000 < 2 THEN '90000000000' || (1 + c // 24000 % 1000)
        ELSE '44444444444' || (c // 24000 % 9) END AS SubAccountId,
    'SKU' || (a // 7 % 500) AS SkuId,
    CAST(amount // 1000000 AS DECIMAL(18, 3)) AS PricingQuantity,
    map_from_entries(list_filter([
        {{{{'k': 'moyai:tenant', 'v': tenant}}}}, {{{{'k': 'moyai:service', 'v': service}}}},
        {{{{'k': 'moyai:federation', 'v': 'japan'}}}}
    ], lambda tag: tag.v IS NOT NULL)) AS Tags
FROM billed
"""
