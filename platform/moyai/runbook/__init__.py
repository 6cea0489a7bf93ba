"""Runbooks: read from `runbooks/*.md.j2`, checked, rendered."""
