"""The kinds of models: each reads its YAML, and comes down to nodes with plain formulas."""
