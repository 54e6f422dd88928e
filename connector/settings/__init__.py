"""The settings: one frozen tree read from one TOML file, secrets by reference only."""
