"""One module a command, each with a Typer application `app`."""
