"""What happens in a worker process: one stack after another, each with an engine of its own."""
