"""What a worker may take: calls to AWS and memory."""
