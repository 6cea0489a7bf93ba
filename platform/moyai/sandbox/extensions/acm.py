"""ACM: whether a certificate is logged publicly can be changed."""

from __future__ import annotations

from typing import Any

from moto.acm.exceptions import AWSValidationException
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import EmptyResult

from moyai.sandbox.extensions.replacing import add


def extend() -> None:
    """The action that moto lacks."""
    add(AWSCertificateManagerResponse, "update_certificate_options", _update)


def _update(self: Any) -> EmptyResult:
    found = self.acm_backend.get_certificate(self._get_param("CertificateArn"))
    asked = self._get_param("Options")
    if asked.get("Export", found.cert_options.get("Export")) != found.cert_options.get("Export"):
        raise AWSValidationException("The export option of a certificate cannot be changed.")
    found.cert_options = {**found.cert_options, **asked}
    return EmptyResult()
