"""Ways of moving entries: so far, files in a folder."""
