"""What each kind of operation does with one body."""
