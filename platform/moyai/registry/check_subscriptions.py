"""Checks of services and of bodies' subscriptions: names, releases, editions, dates, settings."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.registry.check_bodies import doubled
from moyai.registry.file_model import ServiceFile, SubscriptionFile, TenantFile
from moyai.registry.models import Manifest
from moyai.registry.parts import Parts
from moyai.registry.paths import Path
from moyai.registry.problems import Reporter
from moyai.registry.settings import Refusal, SettingsChecker
from moyai.registry.words import not_known
from moyai.texts import Text


class SubscriptionChecks:
    """Checks of one file's services and subscriptions."""

    def __init__(
        self, parts: Parts, checkers: Mapping[str, SettingsChecker], reporter: Reporter
    ) -> None:
        self._parts = parts
        self._checkers = checkers
        self._reporter = reporter
        self._defaults_refused: dict[str, frozenset[Refusal]] = {}

    def run(self) -> None:
        """Report everything."""
        for name, service in self._parts.services.items():
            if name in self._checkers:  # the problems of other manifests are reported by themselves
                self._service(name, service, self._checkers[name].manifest)
        self._routes()
        for i, body in self._parts.tenants.items():
            self._body(("tenants", i), body)

    def _service(self, name: str, service: ServiceFile, manifest: Manifest) -> None:
        path: Path = ("services", name)
        if service.release not in manifest.releases:
            self._reporter.error(
                (*path, "release"),
                not_known(service.release, manifest.releases, "リリース", "release"),
            )
        edition = service.defaults.edition
        if edition is not None and edition not in manifest.editions:
            self._reporter.error(
                (*path, "defaults", "edition"),
                not_known(edition, manifest.editions, "エディション", "edition"),
            )
        refused = [
            one
            for one in self._checkers[name].refusals(service.defaults.settings)
            if not one.is_missing
        ]
        self._defaults_refused[name] = frozenset(refused)
        for one in refused:
            where: Path = (*path, "defaults", "settings", *one.path)
            self._reporter.error(where, one.reason, at_key=one.at_key)

    def _routes(self) -> None:
        """Two services cannot answer to one host name."""
        for way in ("public", "staff"):
            patterns: dict[str, str] = {}
            for name, checker in self._checkers.items():
                pattern = getattr(checker.manifest.routes, way)
                if pattern is None:
                    continue
                other = patterns.setdefault(pattern, name)
                if other != name:
                    self._reporter.error(
                        ("services", name),
                        Text(
                            f"{pattern} という名前は {other} と同じです（routes.{way}）",
                            f"{other} has the same host name {pattern} (routes.{way})",
                        ),
                        at_key=True,
                    )

    def _body(self, path: Path, body: TenantFile) -> None:
        doubled(
            (
                (one.service, (*path, "services", j, "service"))
                for j, one in enumerate(body.services)
            ),
            self._reporter,
        )
        unreachable: list[str] = []
        for j, subscription in enumerate(body.services):
            self._subscription((*path, "services", j), subscription)
            if not body.lgwan and self._has_staff_route(subscription):
                unreachable.append(subscription.service)
        if unreachable and not self._reporter.is_muted_below(path):
            names = ", ".join(unreachable)
            self._reporter.warning(
                (*path, "lgwan"),
                Text(
                    f"LGWAN の範囲がなく、職員は {names} に入れません",
                    f"without an LGWAN range no staff can reach {names}",
                ),
            )

    def _subscription(self, path: Path, subscription: SubscriptionFile) -> None:
        until = subscription.until
        if until is not None and until <= subscription.start:
            self._reporter.error(
                (*path, "until"),
                Text("until が from より後の日ではありません", "until is not after from"),
            )
        name = subscription.service
        service = self._parts.services.get(name)
        if service is None:
            self._reporter.error(
                (*path, "service"), not_known(name, self._parts.services, "サービス", "service")
            )
            return
        checker = self._checkers.get(name)
        if checker is None:
            return
        self._edition(path, subscription.edition, service, checker.manifest)
        settings = {**service.defaults.settings, **subscription.settings}
        for one in checker.refusals(settings):
            if one not in self._defaults_refused[name]:
                where: Path = (*path, "settings", *one.path)
                self._reporter.error(where, one.reason, at_key=one.at_key)

    def _edition(
        self, path: Path, edition: str | None, service: ServiceFile, manifest: Manifest
    ) -> None:
        if edition is not None and edition not in manifest.editions:
            self._reporter.error(
                (*path, "edition"), not_known(edition, manifest.editions, "エディション", "edition")
            )
        elif edition is None and service.defaults.edition is None:
            choices = ", ".join(sorted(manifest.editions))
            self._reporter.error(
                (*path, "edition"),
                Text(
                    f"エディションが要ります（{choices} のどれか）",
                    f"an edition is needed: one of {choices}",
                ),
            )

    def _has_staff_route(self, subscription: SubscriptionFile) -> bool:
        checker = self._checkers.get(subscription.service)
        service = self._parts.services.get(subscription.service)
        if checker is None or service is None or checker.manifest.routes.staff is None:
            return False
        settings = checker.complete({**service.defaults.settings, **subscription.settings})
        return settings.get("lgwan_staff_route", True) is not False
