"""How Pulumi runs: finding the engine, one stack's run, outputs, locks, worker processes."""
