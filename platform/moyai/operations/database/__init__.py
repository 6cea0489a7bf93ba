"""The operations database: what it holds, how it is made, and what is asked of it."""
