"""One folder or file for each family of resource types."""
