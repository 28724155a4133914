"""Ways of moving entries: files on a stick, and the local network. Phones use the board."""
