"""Every node of the rules becomes a column, stage by stage."""
