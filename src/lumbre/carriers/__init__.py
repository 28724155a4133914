"""Ways of moving entries: files in a folder, and the local network."""
