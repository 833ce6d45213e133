"""How far back a gradient reaches: its norm by lag and by path, and why it vanishes."""
