"""Further releases of the sample's e-application B, whose migrations fail where a body's data make them."""

from __future__ import annotations

from pathlib import Path

_MIGRATIONS = {
    # 1.2.0: the second fails where there is a procedure `bad`.
    "0003_note": "-- phase: expand\nALTER TABLE procedure ADD COLUMN note text;\n",
    "0004_known_codes": (
        "-- phase: expand\n"
        "ALTER TABLE procedure ADD CONSTRAINT known_codes CHECK (code <> 'bad');\n"
    ),
    # 1.3.0 and 1.5.0: no release works where there was a procedure `fragile` before the contract.
    "0005_remark": "-- phase: expand\nALTER TABLE procedure ADD COLUMN remark text;\n",
    "0006_no_notes": (
        "-- phase: contract\n"
        "ALTER TABLE procedure DROP COLUMN note;\n"
        "DELETE FROM applicant_kind WHERE EXISTS (SELECT FROM procedure WHERE code = 'fragile');\n"
    ),
    "0007_memo": "-- phase: expand\nALTER TABLE procedure ADD COLUMN memo text;\n",
    "0008_no_remarks": (
        "-- phase: contract\n"
        "ALTER TABLE procedure DROP COLUMN remark;\n"
        "DELETE FROM applicant_kind WHERE EXISTS (SELECT FROM procedure WHERE code = 'fragile');\n"
    ),
}
_RELEASES = {"1.2.0": 4, "1.3.0": 6, "1.4.0": 6, "1.5.0": 8}
BROKEN = "1.4.0"
"""Its stack cannot be built."""
_COMPONENT = f'''"""A topic; of {BROKEN} an object in a bucket that there is not, after all else."""

import pulumi
import pulumi_aws as aws

from moyai.infra.extension import Extension
from moyai.infra.subscription import SubscriptionArgs


def build(args: SubscriptionArgs, opts: pulumi.ResourceOptions) -> Extension:
    version = args.release.image.partition(":")[2]
    topic = aws.sns.Topic("late", name=f"{{args.prefix}}-late", display_name=version, opts=opts)
    if version == "{BROKEN}":
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[topic]))
        aws.s3.BucketObjectv2("broken", bucket="there-is-no-such-bucket", key="a", content="a", opts=after)
    return Extension()
'''


def add_releases(service: Path) -> None:
    """Add them to the folder of a service's own copy."""
    for name, sql in _MIGRATIONS.items():
        (service / "migrations" / f"{name}.sql").write_text(sql, encoding="utf-8")
    entries = "".join(
        f"  {release}:\n    image: moyai-eapp-b:{release}\n    schema_version: {version}\n"
        for release, version in _RELEASES.items()
    )
    manifest = service / "manifest.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("editions:\n", f"{entries}editions:\n", 1), encoding="utf-8")
    (service / "component.py").write_text(_COMPONENT, encoding="utf-8")
