"""The one base class of every error that a person can act on."""


class AssayError(Exception):
    """What went wrong, where, and how to mend it. A face prints it as one line and exits with 2.

    Subclasses live on the floor that raises them; anything else that reaches a face is a bug.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
