"""Audit chains: anchored in the vault, checked, exported, and in words that people read."""
