"""dqdl."""
