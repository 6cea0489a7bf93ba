"""Moyai: infrastructure as code and shared operations for federations of municipalities."""

__version__ = "0.1.0"
