"""tenants.yaml as typed, frozen values; all its errors at once. Pure but for reading files."""
