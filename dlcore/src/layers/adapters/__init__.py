"""What is added to layers from outside: low-rank updates of their weights."""
