"""Apportionment 按分, pure: a bill in exact yen, rules and members in, whole yen for each body out."""
