"""Runbooks carried out: step by step, with what was done on record, from any step again."""
