"""`python -m moyai.provider`: the plugin `moyai` as Pulumi starts plugins."""

from __future__ import annotations

from moyai.provider.main import plugin
from moyai.provider.serving import serve

if __name__ == "__main__":
    serve(plugin())
