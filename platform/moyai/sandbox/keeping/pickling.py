"""moto's backends as bytes and back, every object still the same object wherever it is named.

All backends go into one stream, so that an object that two services share stays one object. What
pickle cannot write is written in its own form: keys and certificates as DER, locks as new ones.
"""

from __future__ import annotations

import _thread
import io
import pickle
import types
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from threading import Lock, RLock
from typing import Any

import dill
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.ec2.models import EC2Backend
from moto.s3.models import FakeKey

from moyai.sandbox.keeping.objects import Body

_PRIVATE_KEYS = (
    rsa.RSAPrivateKey,
    ec.EllipticCurvePrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
    dsa.DSAPrivateKey,
)
_PUBLIC_KEYS = (
    rsa.RSAPublicKey,
    ec.EllipticCurvePublicKey,
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
    dsa.DSAPublicKey,
)
_OWN_ATTRIBUTES = frozenset(
    ("backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id")
)
_WEAK_LISTS = ("vpc_refs", "backend_refs", "vpc_pcx_refs")
"""Class attributes of EC2's backends that list all of them, for connections between regions."""

Key = tuple[str, str, str, str]
"""A backend: module and name of its class, account, region."""
Writer = Callable[[Any], Any]
"""Gives a value's reduction, or NotImplemented where pickle's own way will do."""


@dataclass(frozen=True, slots=True)
class Pickled:
    """All backends as bytes."""

    content: bytes
    digests: frozenset[str]
    """Contents in the object store that it names."""
    left_out: tuple[str, ...]
    """Services that could not be written (`sqs ap-northeast-1: reason`); none, normally."""


def dump() -> Pickled:
    """All of moto's backends. Nothing may change meanwhile."""
    left_out: dict[Key, str] = {}
    try:
        return _dump(left_out)
    except Exception:
        # One service in a state that cannot be written must not cost all others their snapshot.
        for key, backend in _backends():
            reason = _why_not(backend)
            if reason is not None:
                left_out[key] = f"{backend.__class__.__module__.split('.')[1]} {key[3]}: {reason}"
        return _dump(left_out)


def tables() -> list[BackendDict[Any]]:
    """moto's tables of backends, one a service, of those in use."""
    found: list[BackendDict[Any]] = vars(BackendDict)["_instances"]
    return list(found)


def load(content: bytes) -> None:
    """Put all backends in place of what moto has now."""
    document = pickle.loads(content)  # noqa: S301  # sealed with the site's own key
    for (module, name, account, region), backend in document["backends"].items():
        _dictionary(module, name)[account][region] = backend
        if isinstance(backend, EC2Backend):
            for weak in _WEAK_LISTS:
                getattr(backend, weak)[backend.__class__].add(weakref.ref(backend))
    for (module, name), attributes in document["shared"].items():
        vars(_dictionary(module, name)).update(attributes)


def _dump(left_out: Mapping[Key, str]) -> Pickled:
    stream = io.BytesIO()
    pickler = _Pickler(stream, frozenset(left_out))
    backends = {key: backend for key, backend in _backends() if key not in left_out}
    shared = {
        (d.backend.__module__, d.backend.__name__): attributes
        for d in tables()
        if (attributes := {k: v for k, v in vars(d).items() if k not in _OWN_ATTRIBUTES})
    }
    pickler.dump({"backends": backends, "shared": shared})
    return Pickled(stream.getvalue(), frozenset(pickler.digests), tuple(left_out.values()))


def _backends() -> Iterable[tuple[Key, BaseBackend]]:
    for dictionary in tables():
        cls = dictionary.backend
        for account, region, backend in dictionary.iter_backends():
            yield (cls.__module__, cls.__name__, account, region), backend


def _why_not(backend: BaseBackend) -> str | None:
    try:
        _Pickler(io.BytesIO(), frozenset(), alone=backend).dump(backend)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


class _Pickler(pickle.Pickler):
    """Asks Python code for what is not a plain value, and once for each class where that will do:
    it is asked a hundred thousand times in a snapshot, while all requests wait."""

    def __init__(
        self, stream: io.BytesIO, left_out: frozenset[Key], alone: BaseBackend | None = None
    ) -> None:
        super().__init__(stream, protocol=5)
        self.digests: set[str] = set()
        self._left_out = left_out
        self._alone = alone
        self._writers: dict[type, Writer | None] = {}

    def reducer_override(self, value: Any) -> Any:
        """How to write what pickle cannot, and what it would write badly."""
        cls = type(value)
        try:
            writer = self._writers[cls]
        except KeyError:
            writer = self._writers[cls] = self._writer(cls)
        return NotImplemented if writer is None else writer(value)

    def _writer(self, cls: type) -> Writer | None:
        if issubclass(cls, BaseBackend):
            return self._backend
        if cls is Body:
            return self._body
        for known, writer in _WRITERS.items():
            if issubclass(cls, known):
                return writer
        if cls.__module__.startswith("moto.") and issubclass(cls, dict | list):
            return _reduce_container
        return None

    def _backend(self, value: BaseBackend) -> Any:
        """A backend that is not part of this stream goes by name."""
        cls = type(value)
        key = (cls.__module__, cls.__name__, value.account_id, value.region_name)
        outside = self._alone is not None and value is not self._alone
        return (_backend, key) if outside or key in self._left_out else NotImplemented

    def _body(self, value: Body) -> Any:
        if value.digest is not None:
            self.digests.add(value.digest)
        return NotImplemented


def _dictionary(module: str, name: str) -> BackendDict[Any]:
    """The table that holds the backends of a class. LookupError where a new moto has none."""
    place = import_module(module)
    cls = getattr(place, name)
    for value in vars(place).values():
        if isinstance(value, BackendDict) and value.backend is cls:
            return value
    raise LookupError(f"no table of {module}.{name}")


def _account(module: str, name: str, account: str) -> Any:
    return _dictionary(module, name)[account]


def _backend(module: str, name: str, account: str, region: str) -> Any:
    return _dictionary(module, name)[account][region]


def _reduce_container(value: Any) -> Any:
    """moto's own kinds of dict and list, from below: their own methods show less than they hold
    (a store of versions iterates over the newest only), and need more to be made."""
    cls, attributes = type(value), dict(vars(value)) if hasattr(value, "__dict__") else {}
    if isinstance(value, list):
        return _new, (cls,), (attributes, list.copy(value)), None, None, _fill_list
    factory = value.default_factory if isinstance(value, defaultdict) else None
    return _new, (cls,), (attributes, dict.copy(value), factory), None, None, _fill_dict


def _reduce_table(value: BackendDict[Any]) -> Any:
    return _dictionary, (value.backend.__module__, value.backend.__name__)


def _reduce_account(value: AccountSpecificBackend[Any]) -> Any:
    return _account, (value.backend.__module__, value.backend.__name__, value.account_id)


def _reduce_object(value: FakeKey) -> Any:
    state = {k: v for k, v in vars(value).items() if k != "lock"}
    return _new, (type(value),), state, None, None, _fill_object


def _reduce_function(value: types.FunctionType) -> Any:
    if "<locals>" not in value.__qualname__:
        return NotImplemented
    return dill.loads, (dill.dumps(value),)


def _reduce_private_key(value: Any) -> Any:
    content = value.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return _private_key, (content,)


def _reduce_public_key(value: Any) -> Any:
    content = value.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _public_key, (content,)


def _private_key(content: bytes) -> Any:
    return load_der_private_key(content, None)


def _public_key(content: bytes) -> Any:
    return load_der_public_key(content)


def _certificate(content: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(content)


def _request(content: bytes) -> x509.CertificateSigningRequest:
    return x509.load_der_x509_csr(content)


def _no_pages() -> Any:
    """In place of a listing that was half read."""
    return iter(())


_WRITERS: Mapping[type, Writer] = {
    BackendDict: _reduce_table,
    AccountSpecificBackend: _reduce_account,
    FakeKey: _reduce_object,
    types.FunctionType: _reduce_function,
    types.GeneratorType: lambda _: (_no_pages, ()),
    _thread.LockType: lambda _: (Lock, ()),
    _thread.RLock: lambda _: (RLock, ()),
    weakref.WeakValueDictionary: lambda value: (weakref.WeakValueDictionary, (dict(value),)),
    x509.Certificate: lambda value: (_certificate, (value.public_bytes(Encoding.DER),)),
    x509.CertificateSigningRequest: lambda value: (_request, (value.public_bytes(Encoding.DER),)),
    **dict.fromkeys(_PRIVATE_KEYS, _reduce_private_key),
    **dict.fromkeys(_PUBLIC_KEYS, _reduce_public_key),
}
"""By class; a subclass is written as its base is."""


def _new(cls: Any) -> Any:
    return cls.__new__(cls)


def _fill_object(value: Any, state: dict[str, Any]) -> None:
    vars(value).update(state)
    value.lock = Lock()


def _fill_dict(value: Any, state: tuple[dict[str, Any], dict[Any, Any], Any]) -> None:
    attributes, items, factory = state
    if isinstance(value, defaultdict):
        value.default_factory = factory
    vars(value).update(attributes)
    dict.update(value, items)


def _fill_list(value: Any, state: tuple[dict[str, Any], list[Any]]) -> None:
    attributes, items = state
    vars(value).update(attributes)
    list.extend(value, items)
