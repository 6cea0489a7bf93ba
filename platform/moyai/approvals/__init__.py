"""What persons sign: SSH signatures over a hash, by operators of tenants.yaml."""
