"""Load balancers, target groups, listeners and their rules. Their ids are their ARNs."""
