"""Errors that a user can fix; everything else is a bug and keeps its traceback."""


class SegmlError(Exception):
    """A problem the user can fix: what is wrong and where, and what to do about it.

    The command line prints it as one line, ``segml: <reason>. <fix>.``, and exits with 1.
    """

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason.rstrip('.')}. {fix.rstrip('.')}.")
        self.reason = reason
        self.fix = fix


class SettingsError(SegmlError):
    """A setting is unknown or out of range."""


class WarehouseError(SegmlError):
    """The warehouse is missing, locked, or lacks a table."""


class LoadingError(SegmlError):
    """A mapping or a user file cannot be loaded."""


class TrainingError(SegmlError):
    """The data cannot support a model."""


class CustomerError(SegmlError):
    """A customer is unknown, erased, or not scored."""


class ArtifactError(SegmlError):
    """A stored model is missing, altered or from another library version."""


class ExportError(SegmlError):
    """An audience cannot be written to a file."""


class PublishingError(SegmlError):
    """The marts cannot be published, or what was published cannot be shown."""


class LeakageError(TrainingError):
    """A model would know what it could not have known."""
