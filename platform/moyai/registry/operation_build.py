"""From the valid `operations` of a file, and a body's `approvers`, to frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from moyai.registry.models import Operator, Role
from moyai.registry.operation_file import (
    BodyApproverFile,
    NotificationsFile,
    OperationsFile,
    SmtpFile,
    ToleranceFile,
    WaveFile,
)
from moyai.registry.operation_settings import (
    EVERYBODY,
    BodyApprover,
    MailSecurity,
    Notifications,
    OperationSettings,
    Smtp,
    SnsTopic,
    Tolerance,
    Wave,
    Webhook,
)

_PORTS: Mapping[MailSecurity, int] = {"starttls": 587, "tls": 465, "none": 25}


def build_operations(
    file: OperationsFile | None, operators: Iterable[Operator] = ()
) -> OperationSettings:
    """The settings of a file in which no check found an error; the defaults where it has none.

    `operators`: by whom there are it is decided whether edits need approval, where the file does not say so.
    """
    with_two = second_persons(operators)
    if file is None:
        return OperationSettings(edits_need_approval=with_two)
    edits = file.edits_need_approval
    return OperationSettings(
        waves=(EVERYBODY,) if file.waves is None else tuple(map(_wave, file.waves)),
        max_concurrent=file.max_concurrent,
        failure_tolerance=_tolerance(file.failure_tolerance),
        same_errors=file.same_errors,
        max_releases_behind=file.max_releases_behind,
        approval_hours=file.approval_hours,
        verified_restore_days=file.verified_restore_days,
        audit_anchor_minutes=file.audit_anchor_minutes,
        aws_calls_per_second=file.aws_calls_per_second,
        bodies_approve=file.bodies_approve,
        edits_need_approval=with_two if edits is None else edits,
        steering_needs_signature=file.steering_needs_signature,
        duration_minutes=file.duration_minutes,
        notifications=_notifications(file.notifications),
    )


def second_persons(operators: Iterable[Operator]) -> bool:
    """Whether what one of them plans another can approve."""
    known = tuple(operators)
    planners = [one for one in known if one.role in (Role.OPERATOR, Role.APPROVER)]
    return any(
        one.role is Role.APPROVER and any(other is not one for other in planners) for one in known
    )


def build_approvers(files: Iterable[BodyApproverFile]) -> tuple[BodyApprover, ...]:
    """The approvers of one body."""
    return tuple(BodyApprover(one.name, one.email, one.expires, one.ssh_key) for one in files)


def _wave(file: WaveFile) -> Wave:
    tolerance = file.failure_tolerance
    return Wave(
        name=file.name,
        select=file.select,
        share=file.share,
        risks=file.risks or (),
        rest=file.rest,
        soak_minutes=file.soak_minutes,
        needs_approval=file.needs_approval,
        max_concurrent=file.max_concurrent,
        failure_tolerance=None if tolerance is None else _tolerance(tolerance),
    )


def _tolerance(file: ToleranceFile) -> Tolerance:
    return Tolerance(file.bodies, file.mode)


def _notifications(file: NotificationsFile) -> Notifications:
    return Notifications(
        smtp=None if file.smtp is None else _smtp(file.smtp),
        operators=file.operators,
        bodies=file.bodies,
        webhooks=tuple(Webhook(one.url, one.secret_file, one.events) for one in file.webhooks),
        sns=tuple(SnsTopic(one.topic_arn, one.events) for one in file.sns),
    )


def _smtp(file: SmtpFile) -> Smtp:
    return Smtp(
        host=file.host,
        port=_PORTS[file.security] if file.port is None else file.port,
        sender=file.sender,
        security=file.security,
        user=file.user,
        password_file=file.password_file,
    )
