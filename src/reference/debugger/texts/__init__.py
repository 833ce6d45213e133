"""Two texts of one program: what differs, what names stand for, and which loop is time."""
