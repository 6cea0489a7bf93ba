"""A federation's stacks on the real engine and a running sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sandboxes import client_of

from moyai.engine.driver.driver import Driver
from moyai.engine.sites import EmbeddedSite
from moyai.engine.stacks import Action, RunFinished, RunResult, StackId, StackRun
from moyai.operations.inside.jobs import Inside
from moyai.registry.load import require
from moyai.registry.models import Registry

DAY = "2026-11-23"
LAST_DAY_OF_CHAT = "2027-03-31"


@dataclass
class Federation:
    """A file, its site, and runs of its stacks."""

    file: Path
    site: EmbeddedSite
    driver: Driver
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def registry(self) -> Registry:
        return require(self.file)

    def run(
        self, name: str, action: Action = "up", day: str = DAY, *, refresh: bool = False
    ) -> RunResult:
        """Run the stack of this name as operations do."""
        config = {
            "moyai:registry": str(self.file),
            "moyai:site": self.site.site.name,
            "moyai:asOf": day,
        }
        project = "foundation"
        if name.isdigit():
            project = "tenant"
            config["moyai:releases"] = json.dumps(self.releases(name, day))
        program = self.file.parent / "stacks" / project / "__main__.py"
        stack = StackId(f"moyai-{project}", name)
        run = StackRun(stack, program, config, action, refresh)
        (result,) = [
            event.result for event in self.driver.run([run]) if isinstance(event, RunFinished)
        ]
        if result.ok and action == "up":
            self.outputs[name] = result.outputs
        return result

    def up(self, name: str, day: str = DAY) -> RunResult:
        """Run it; it has to end well."""
        result = self.run(name, day=day)
        assert result.ok, "\n".join(result.error.lines("en")) if result.error else ""
        return result

    def releases(self, code: str, day: str) -> dict[str, str]:
        body = self.registry.tenant(code)
        assert body is not None
        return {
            one.service: self.registry.services[one.service].release
            for one in body.subscriptions
            if one.has_begun(date.fromisoformat(day))
        }

    def aws(self, service: str, region: str | None = None) -> Any:
        return client_of(self.site, service, region)

    @property
    def inside(self) -> Inside:
        return Inside(self.site.site, self.site.environment())
