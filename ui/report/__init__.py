"""What people read: reports of a validation, a profile or a proposal, in the terminal and as HTML."""
