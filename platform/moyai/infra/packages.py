"""What the components import of `pulumi_aws` as they run, so that it can be imported beforehand."""

AWS_PACKAGES = (
    "acm",
    "backup",
    "budgets",
    "cloudtrail",
    "cloudwatch",
    "ec2",
    "ecs",
    "iam",
    "kms",
    "lb",
    "rds",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "ssm",
    "vpc",
    "wafv2",
)
_SHARED_PACKAGES = (
    "acm",
    "backup",
    "cloudtrail",
    "cloudwatch",
    "iam",
    "kms",
    "route53",
    "s3",
    "sns",
)
_COMPONENTS = ("cell", "environment", "program", "shared")
MODULES = (
    *(f"moyai.infra.{name}" for name in _COMPONENTS),
    *(f"pulumi_aws.{name}" for name in AWS_PACKAGES),
)
"""Names to import: `pulumi_aws` makes its packages lazy, and some take a third of a second."""
SHARED_MODULES = (
    "moyai.infra.program",
    "moyai.infra.shared",
    *(f"pulumi_aws.{name}" for name in _SHARED_PACKAGES),
)
"""Those of the foundation's first stack: a third of the time that all of them take."""
BODY_MODULES = tuple(name for name in MODULES if name != "pulumi_aws.wafv2")
"""Those of bodies in a cell: the firewall, a fifth of the time, is the cell's."""
