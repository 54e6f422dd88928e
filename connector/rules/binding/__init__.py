"""What the names of a formula stand for: every name found, every type checked, declarations in their order."""
