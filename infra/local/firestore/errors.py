"""The error statuses of the service, named by what was wrong with the request."""

from grpc import StatusCode


class RefusedError(Exception):
    """A request that is answered with an error status instead of a result."""

    def __init__(self, code: StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> RefusedError:
    """The request can never succeed as it stands."""
    return RefusedError(StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> RefusedError:
    """A document that had to exist does not."""
    return RefusedError(StatusCode.NOT_FOUND, message)


def already_exists(message: str) -> RefusedError:
    """A document that had to be absent exists."""
    return RefusedError(StatusCode.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> RefusedError:
    """The state of the database does not allow the request."""
    return RefusedError(StatusCode.FAILED_PRECONDITION, message)


def aborted(message: str) -> RefusedError:
    """The request lost against a concurrent one and may be sent again from the start."""
    return RefusedError(StatusCode.ABORTED, message)


def unavailable(message: str) -> RefusedError:
    """The server cannot answer now."""
    return RefusedError(StatusCode.UNAVAILABLE, message)


def unimplemented(message: str) -> RefusedError:
    """Firestore can do this, the stand-in cannot."""
    return RefusedError(StatusCode.UNIMPLEMENTED, message)
