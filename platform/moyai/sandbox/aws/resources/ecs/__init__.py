"""Task clusters, task definitions, services."""
