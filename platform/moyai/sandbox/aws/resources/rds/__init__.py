"""Database clusters. In the sandbox a real PostgreSQL stands behind each."""
