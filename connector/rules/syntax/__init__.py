"""What stands in a rule file: YAML with its positions, the shapes of its sections, the grammar of formulas."""
