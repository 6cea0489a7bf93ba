"""The embedded cloud: moto's server, the local AWS provider plugin, PostgreSQL."""
