"""Learning rates that depend on the number of steps done."""
