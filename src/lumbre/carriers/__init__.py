"""Ways of moving entries: files on a stick, the local network. Phones use the board."""
