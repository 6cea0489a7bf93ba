"""What rules would come to, and what is to be expected: for those who decide, not for statements. Pure."""
