"""Ways of moving entries: so far, files in a folder and on a stick. Phones use the board."""
