"""What several kinds have in common: their keys, what is wrong with them, and their lines."""
