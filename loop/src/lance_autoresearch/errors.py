"""How a command ends early: with a sentence to the user instead of a traceback."""


class LarError(Exception):
    """A command cannot go on; the message says what was expected, what was got and what to type."""


class Interrupted(BaseException):
    """Somebody asked us to stop (Ctrl-C, a polite kill); what follows the message is up to the catcher.

    Not an Exception, so that nothing mistakes it for a failure.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code
