"""What each kind of statement writes, and from where: one module per kind."""
