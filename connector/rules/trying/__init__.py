"""Rules tried out: worked examples, changed parameters, questions to a live population."""
