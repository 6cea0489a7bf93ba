"""DBOS as Moyai uses it, and the tickets that lie in its tables."""
