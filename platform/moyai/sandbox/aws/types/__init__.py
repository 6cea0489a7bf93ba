"""One file for each family of resource types."""
