"""An account filled from the tables of contract.md, and read back into them."""
