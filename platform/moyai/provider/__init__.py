"""Pulumi provider plugins in Python: the protocol, and `moyai:index:Database`."""
