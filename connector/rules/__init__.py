"""The rule language: YAML files become one checked rule set; one account can be evaluated here."""
