"""Tables of text become the typed records the rules see."""
