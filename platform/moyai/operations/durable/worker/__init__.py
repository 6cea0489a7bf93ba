"""One worker process: what it opens, carries and does again and again."""
