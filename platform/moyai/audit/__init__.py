"""Who did what: records in hash chains, one a body and one for the federation."""
