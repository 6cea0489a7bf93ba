"""What is kept of stacks in a state backend: checkpoints, journals, locks, Moyai's own records."""
