"""Keeping what was created: snapshots of moto's backends, and what may be lost after a kill."""
