"""One site as commands work with it: its folder, its records, what it is made from, whose turn it is."""
