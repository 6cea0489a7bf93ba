"""What e-application A has beside the platform's own: corporate authentication, notices to counters.

GビズID gives each body a client of its own; its secret is put in by the body's people when the
registration is through, and the service reads it while it runs. Notices of new applications go to a
topic to which the body's counters subscribe.
"""

import pulumi
import pulumi_aws as aws

from moyai.infra.extension import Extension
from moyai.infra.policies import allow
from moyai.infra.subscription import SECRET_RECOVERY_DAYS, SubscriptionArgs
from moyai.planning import names


def build(args: SubscriptionArgs, opts: pulumi.ResourceOptions) -> Extension:
    """The secret stays when the service stops; the topic goes."""
    code, service = args.body.code, args.service
    client = aws.secretsmanager.Secret(
        f"{service}-gbizid",
        name=names.service_secret(code, service, "gbizid"),
        description="GビズID client of the body, put in by hand",
        kms_key_id=args.home.key.arn,
        recovery_window_in_days=SECRET_RECOVERY_DAYS,
        tags=args.scope.tags(),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=True)),
    )
    if not args.active:
        return Extension()
    notices = aws.sns.Topic(
        f"{service}-notices",
        name=f"{args.prefix}-notices",
        kms_master_key_id=args.home.key.key.key_id,
        tags=args.scope.tags(),
        opts=opts,
    )
    return Extension(
        environment={"GBIZID_SECRET": client.arn, "NOTICES_TOPIC": notices.arn},
        statements=[
            allow("GBizId", ["secretsmanager:GetSecretValue"], [client.arn]),
            allow("Notices", ["sns:Publish"], [notices.arn]),
        ],
    )
