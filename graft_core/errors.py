"""Every error an analyst can meet. The message names the thing, the value and the next step."""


class GraftError(Exception):
    """Root of all expected failures; the command line and the pages show its text as it is."""


class SceneError(GraftError):
    """A raster cannot be opened, read or used as a scene."""


class ImageryError(GraftError):
    """A catalogue of imagery does not answer, has nothing for what was asked, or does not give its files."""


class PhotoError(GraftError):
    """A ground photo cannot be read or placed."""


class ModelError(GraftError):
    """An encoder is unknown, or its weights are missing, damaged or of another shape."""


class FetchError(ModelError):
    """No mirror delivered the wanted file with the wanted hash."""


class EmbeddingsError(GraftError):
    """Published embeddings cannot be read, placed on the map, or do not belong to the encoder."""


class IndexStoreError(GraftError):
    """An index is missing, locked by another writer, or belongs to another encoder."""


class QueryError(GraftError):
    """The query cannot be understood."""


class QuestionError(GraftError):
    """A question cannot be turned into a program, or a program is not in the language or goes beyond its bounds."""


class ExportError(GraftError):
    """A result cannot be written, or a recipe cannot be replayed."""


class TrainError(GraftError):
    """A training configuration, its data or its run is unusable."""


class JobError(GraftError):
    """A long job is unknown, or in a state that does not allow what was asked."""


class BenchmarkError(GraftError):
    """A benchmark set is not in the layout it should be in, or cannot be read."""


class SignInError(GraftError):
    """The secrets ask for a sign-in that cannot work, or that would keep nobody out."""
