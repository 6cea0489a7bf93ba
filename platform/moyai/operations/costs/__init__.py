"""What a secretariat does with costs: taken in, checked, closed, explained, printed."""
