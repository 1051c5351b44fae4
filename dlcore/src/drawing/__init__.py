"""Models as pictures: boxes and arrows, laid out and drawn here."""
