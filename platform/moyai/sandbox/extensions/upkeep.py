"""What lets moto run for weeks, and answer quickly, without changing what it answers."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import moto.backends
import moto.core.responses
import moto.s3.models
from moto.core.base_backend import BackendDict
from moto.core.common_models import BaseModel
from moto.core.utils import method_names_from_class
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from moyai.sandbox.extensions.replacing import replace
from moyai.sandbox.keeping.objects import Body


def extend() -> None:
    """Keep contents in files, keep nothing that was deleted, look nothing up twice."""
    # Contents of S3 objects go into the object store instead of unnamed temporary files.
    replace(moto.s3.models, "tempfile", SimpleNamespace(SpooledTemporaryFile=Body))
    _forget_instances()
    _look_up_once()


def _forget_instances() -> None:
    """moto keeps every object ever made in a list of its class, deleted ones too. Only its own
    dashboard and its reset read those lists, and neither is served here."""

    def new(cls: type, *_args: Any, **_kwargs: Any) -> Any:
        return object.__new__(cls)

    replace(BaseModel, "__new__", new)


def _look_up_once() -> None:
    """Look-ups that moto does for every request, each with one answer for good: a listing of its
    own folder (a quarter of all time), the service of a host, the methods of a class, an account
    in the list of all tables."""
    modules = frozenset(moto.backends.list_of_moto_modules())
    replace(moto.backends, "list_of_moto_modules", lambda: modules)
    methods = cache(lambda cls: frozenset(method_names_from_class(cls)))
    replace(moto.core.responses, "method_names_from_class", methods)
    known: dict[str | None, Any] = {}

    def get_backend(self: Any, host: str | None) -> Any:
        if host not in known:
            known[host] = old(self, host)
        return known[host]

    def create_account(self: Any, account: str) -> None:
        if not dict.__contains__(self, account):
            create(self, account)

    old = replace(DomainDispatcherApplication, "get_backend_for_host", get_backend)
    create = replace(BackendDict, "_create_account_specific_backend", create_account)
