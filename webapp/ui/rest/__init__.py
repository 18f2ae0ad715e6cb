"""REST interface for programs: plain HTTP and JSON below /api/v1."""
