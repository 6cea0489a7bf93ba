"""Who is told what of operations, and how it gets there."""
