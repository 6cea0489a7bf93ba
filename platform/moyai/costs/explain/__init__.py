"""The way of a yen from a statement back to its row, and every figure on it. Pure."""
