"""The `moyai` command: parse, call one function, render."""
