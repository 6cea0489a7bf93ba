"""tenants.yaml as typed, frozen values; all its errors at once. Pure but for reading files.

Imports nothing: a command that only needs a type of `models` starts without the parser and its rules.
"""
