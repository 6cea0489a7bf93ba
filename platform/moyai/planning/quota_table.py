"""AWS's quotas, each with the page that has it. Pure data.

Defaults are those of November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from moyai.planning import layout
from moyai.texts import Text

Scope = Literal["cell", "account"]


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota. `scope` says whether each cell has its own, or the account one (in a region)."""

    name: str
    scope: Scope
    default: int
    """What AWS gives to a new account."""
    what: Text
    source: str
    """The page of AWS's documentation that has it."""
    raised: int | None = None
    """What an account for Moyai is raised to when it is opened (room for 50 cells); None: as it
    is, because it is enough or cannot be raised."""

    @property
    def limit(self) -> int:
        """What a plan may not pass, unless the site says otherwise."""
        return self.default if self.raised is None else self.raised


_ALB = "Elastic Load Balancing: Quotas for your Application Load Balancers"
_VPC = "Amazon VPC: Quotas"
_RDS = "Amazon RDS: Quotas and constraints"

_TABLE = (
    Quota("target-groups-public", "cell", 100, Text("公開の対象グループ", "public target groups"), _ALB),
    Quota("target-groups-staff", "cell", 100, Text("職員経路の対象グループ", "staff target groups"), _ALB),
    Quota("rules-public", "cell", 100, Text("公開の振分規則", "rules of the public listener"), _ALB),
    Quota("rules-staff", "cell", 100, Text("職員経路の振分規則", "rules of the staff listener"), _ALB),
    Quota("values-per-rule", "cell", 5, Text("一つの規則の条件の値", "condition values of one rule"), _ALB),
    Quota("targets-public", "cell", 1000,
          Text("公開の対象（タスク）", "tasks behind the public load balancer"), _ALB),
    Quota("targets-staff", "cell", 1000,
          Text("職員経路の対象（タスク）", "tasks behind the staff load balancer"), _ALB),
    Quota("database-connections", "cell", layout.connections(layout.DATABASE_CLASS),
          Text("データベース接続", "database connections"),
          "Amazon Aurora: Maximum connections to an Aurora PostgreSQL DB instance"),
    Quota("certificate-names", "account", 10, Text("証明書の名前", "names on the certificate"),
          "AWS Certificate Manager: Quotas", 100),
    Quota("vpcs", "account", 5, Text("VPC", "VPCs"), _VPC, 50),
    Quota("elastic-ips", "account", 5, Text("Elastic IP アドレス", "Elastic IP addresses"),
          "Amazon EC2: Elastic IP address quota", 150),
    Quota("nat-gateways-per-zone", "account", 5,
          Text("ゾーンごとの NAT ゲートウェイ", "NAT gateways in a zone"), _VPC, 50),
    Quota("security-groups", "account", 2_500, Text("セキュリティグループ", "security groups"), _VPC),
    Quota("load-balancers", "account", 50, Text("ロードバランサー", "load balancers"), _ALB, 100),
    Quota("web-acls", "account", 100, Text("WAF のウェブ ACL", "web ACLs"), "AWS WAF: Quotas"),
    Quota("database-clusters", "account", 40, Text("データベースクラスター", "database clusters"), _RDS, 50),
    Quota("database-instances", "account", 40,
          Text("データベースインスタンス", "database instances"), _RDS, 100),
    Quota("database-parameter-groups", "account", 50,
          Text("クラスターのパラメーターグループ", "cluster parameter groups"), _RDS),
    Quota("database-subnet-groups", "account", 50,
          Text("DB サブネットグループ", "database subnet groups"), _RDS),
    Quota("fargate-vcpus", "account", 6, Text("Fargate の vCPU", "vCPUs of Fargate"),
          "Amazon ECS: Service quotas (Fargate On-Demand vCPU resource count)", 1_000),
    Quota("kms-keys", "account", 100_000, Text("KMS 鍵", "KMS keys"), "AWS KMS: Resource quotas"),
    Quota("iam-roles", "account", 1_000, Text("IAM ロール", "IAM roles"), "IAM and AWS STS quotas", 5_000),
    Quota("buckets", "account", 10_000, Text("S3 バケット", "S3 buckets"), "Amazon S3: Bucket quotas"),
    Quota("secrets", "account", 500_000, Text("シークレット", "secrets"), "AWS Secrets Manager: Quotas"),
    Quota("parameters", "account", 10_000, Text("パラメーター", "parameters"),
          "AWS Systems Manager: Service quotas (standard parameters)"),
    Quota("alarms", "account", 5_000, Text("アラーム", "alarms"), "Amazon CloudWatch: Service quotas"),
    Quota("dns-records", "account", 10_000,
          Text("DNS レコード", "DNS records"), "Amazon Route 53: Quotas on records"),
)  # fmt: skip

QUOTAS: Mapping[str, Quota] = {quota.name: quota for quota in _TABLE}
