"""Messages about data in trouble: what they say, and how they get to where people look."""
