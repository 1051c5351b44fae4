"""Numbers in 8 and 4 bits, and how weights become such numbers."""
