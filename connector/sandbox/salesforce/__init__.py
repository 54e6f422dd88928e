"""A Salesforce org on this machine, written from salesforce.md: documented behaviour and recorded answers."""
