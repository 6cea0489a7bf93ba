"""What an operation on many bodies is: its plan, its waves, what may begin now. Pure."""
