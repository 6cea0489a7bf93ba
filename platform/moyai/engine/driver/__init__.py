"""What the operator's process does: it hands stacks to workers, and tells what comes of them."""
