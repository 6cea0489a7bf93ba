"""Projects to measure with: the sample, or generated federations of any size."""

from __future__ import annotations

from pathlib import Path

from tests.sample import SAMPLE, lay_out

from moyai.registry.codes import national_list

ROOT = Path(__file__).resolve().parents[2]
_BODIES_PER_CELL = 90
"""A load balancer takes 100 target groups; each generated body has one on each."""


def sample(folder: Path) -> Path:
    """The sample's 43 in a project folder of its own; the path of its tenants.yaml."""
    return lay_out(folder)


def generated(folder: Path, bodies: int) -> Path:
    """A federation of that many municipalities from the national list, one service each."""
    return lay_out(folder, text(bodies))


def text(bodies: int) -> str:
    """tenants.yaml of a generated federation."""
    municipalities = [one for one in national_list().values() if one.kind != "都道府県"][:bodies]
    cells = -(-len(municipalities) // _BODIES_PER_CELL)
    head = SAMPLE.read_text(encoding="utf-8").split("\ntenants:\n")[0]
    before, _, after = head.partition("  cells:\n    - name: a\n      cidr: 10.0.0.0/16\n")
    wide = before.replace("cells: [10.0.0.0/12]", "cells: [10.0.0.0/11]")
    lines = [wide + "  cells:"]
    for number in range(cells):
        lines += [f"    - name: c{number}", f"      cidr: 10.{number}.0.0/16"]
    lines += [after, "tenants:"]
    for number, one in enumerate(municipalities):
        kind = "一般市" if one.kind == "市" else one.kind
        lines += [
            f'  - code: "{one.code}"',
            f"    slug: b{one.code}",
            f"    name: {one.name}",
            f"    kind: {kind}",
            f"    cell: c{number // _BODIES_PER_CELL}",
            f"    lgwan: [10.{192 + number // 256}.{number % 256}.0/24]",
            "    services:",
            "      - { service: eapp-b, from: 2024-04-01 }",
        ]
    return "\n".join(lines) + "\n"
