"""Environments made what the file says: planned, shown, carried out, and on record."""
