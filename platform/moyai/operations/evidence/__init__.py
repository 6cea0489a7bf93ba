"""What was done on this machine, in lines that are only ever appended to, and put into the chains once."""
