"""Intake: files of several formats → checked rows with exact decimals, each with its file and line."""
