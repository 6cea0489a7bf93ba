"""One module for each family: what its types are tested with."""
