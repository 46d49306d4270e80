"""Plans: write, change and validate them."""
