"""One body carried from step to step, with all that is on record of it."""
