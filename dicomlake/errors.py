"""Typed errors with one root.

Every error says what was wrong and what to do. The API turns any :class:`DicomlakeError` into RFC 9457 problem+json
(``code`` names the problem type, ``status`` is the HTTP status, ``details`` become extension members, ``message`` is
what the sentence was made of, for those who say it in another language); the CLI prints ``dicomlake: <message>`` on one
line and leaves with ``exit_code``.
"""

from typing import Any, ClassVar

from dicomlake.messages import Message


class DicomlakeError(Exception):
    """Root of every error Dicomlake raises on purpose."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str | Message, **details: Any) -> None:
        super().__init__(str(message))
        self.said = message
        self.message = str(message)
        self.details = details

    def problem(self) -> dict[str, Any]:
        """The error as the members of a problem (RFC 9457), the details that have a value beside the standard ones."""
        content: dict[str, Any] = {
            "type": f"urn:dicomlake:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": " ".join(self.message.split()),
            "code": self.code,
        }
        if isinstance(self.said, Message):
            content["message"] = self.said.content()
        return content | {name: v for name, v in self.details.items() if v is not None and name not in content}


class UsageError(DicomlakeError):
    """A command was called in a way it cannot be carried out."""

    code = "usage"
    title = "The request cannot be carried out as written"
    status = 400
    exit_code = 2


class SiteFileError(UsageError):
    """A file of the site's own, named by a setting, cannot be used: its canonical values or its table of patients."""

    code = "unusable-site-file"
    title = "A file of the site's own cannot be used"
    status = 503


class HeaderError(DicomlakeError):
    """Bytes that cannot become a document. ``details``: ``offset`` (bytes), ``reason`` (a quarantine reason)."""

    code = "damaged-dicom"
    title = "Damaged DICOM"
    status = 422

    def __init__(self, message: str, *, offset: int = 0, reason: str = "damaged") -> None:
        super().__init__(message, offset=offset, reason=reason)
        self.offset = offset
        self.reason = reason


class NotDicomError(HeaderError):
    """No DICOM signature and no parsable start: the file is ignored, counted and listable."""

    code = "not-dicom"
    title = "Not a DICOM file"

    def __init__(self, message: str) -> None:
        super().__init__(message, offset=0, reason="not-dicom")


class ArchiveError(HeaderError):
    """A member of a zip or tar file, or the file itself, that cannot be read. ``details`` as for damaged DICOM."""

    code = "damaged-archive"
    title = "Damaged archive"


class QueryError(DicomlakeError):
    """A query that cannot be answered. ``details``: ``position`` (character in the text), ``field``, ``nearest``."""

    code = "invalid-query"
    title = "The query cannot be understood"
    status = 422
    exit_code = 2

    def __init__(self, message: str | Message, *, position: int | None = None, **details: Any) -> None:
        shown = {name: value for name, value in {"position": position, **details}.items() if value is not None}
        super().__init__(message, **shown)
        self.position = position


class UnknownFieldError(QueryError):
    """A name that is neither in the registry nor in the data dictionary."""

    code = "unknown-field"
    title = "Unknown field"


class BadValueError(QueryError):
    """A value that the field's type cannot hold, or an operator it does not know."""

    code = "bad-value"
    title = "The value does not fit the field"


class LinkVersionError(QueryError):
    """A link of a version that this program does not read. ``details``: ``version``, ``readable``."""

    code = "unknown-link-version"
    title = "The link has another version"


class CostError(QueryError):
    """A search that would cost more than the service spends on one. Narrow it: ``details`` say where."""

    code = "too-costly"
    title = "The search would cost too much"


class TimeLimitError(CostError):
    """A search that was given up at the end of its time. ``details``: ``seconds``, the time it had."""

    code = "time-limit"
    title = "The search took too long"


class AnswerSizeError(CostError):
    """An answer larger than the service sends. ``details``: ``bytes``, the most it may have."""

    code = "answer-too-large"
    title = "The answer would be too large"


class CursorError(QueryError):
    """A cursor that was altered, or belongs to another search."""

    code = "invalid-cursor"
    title = "The cursor does not belong to this search"


class CursorExpiredError(CursorError):
    """A cursor older than the service keeps them."""

    code = "expired-cursor"
    title = "The cursor has expired"
    status = 410


class NotFoundError(DicomlakeError):
    """The thing asked for is not in the lake."""

    code = "not-found"
    title = "Not found"
    status = 404


class NoPictureError(DicomlakeError):
    """What was asked for holds no picture: a report, a plan, a waveform, a header without pixels."""

    code = "no-picture"
    title = "There is no picture"
    status = 422


class NotAtHandError(DicomlakeError):
    """The file of a picture is not at hand: gone, unreadable, or known from an index only."""

    code = "not-at-hand"
    title = "The file is not at hand"
    status = 404


class UndecodableError(DicomlakeError):
    """Pixels that cannot be made a picture: damaged, or encoded in a way that no decoder here knows."""

    code = "undecodable-picture"
    title = "The picture cannot be decoded"
    status = 422


class PictureLimitError(DicomlakeError):
    """A picture that would cost more time or memory than one may. ``details``: ``limit``, the name of the setting."""

    code = "picture-limit"
    title = "The picture would cost too much"
    status = 422


class SourceError(DicomlakeError):
    """A source to index that does not exist, is empty or cannot be read."""

    code = "unusable-source"
    title = "The source cannot be read"
    status = 422


class PruneError(DicomlakeError):
    """More of a source is gone than is taken out of a lake without being forced. ``details``: ``source``, ``gone`` and
    ``files`` (indexed files of it, before)."""

    code = "prune-refused"
    title = "Too much of a source is gone"
    status = 409


class LakeError(DicomlakeError):
    """The data folder cannot be used: missing, read-only, of another format."""

    code = "unusable-lake"
    title = "The data folder cannot be used"
    status = 503


class DiskFullError(LakeError):
    """The disk of the data folder has no room left; what was committed is whole."""

    code = "disk-full"
    title = "The disk is full"
    status = 507


class LakeBusyError(LakeError):
    """Another process is writing to this data folder."""

    code = "lake-busy"
    title = "Another process is indexing into this data folder"
    status = 409


class SupersededError(LakeBusyError):
    """Another process took over what this one was writing: it had not answered for too long."""

    code = "superseded"
    title = "Another process took over"


class OtherEngineError(LakeError):
    """The data folder was made for another engine, or other indices, than the settings name."""

    code = "other-engine"
    title = "The data folder was made for another engine"


class EngineError(LakeError):
    """The search server refused what was asked of it. ``details``: ``server_status``, the status it answered with."""

    code = "engine-error"
    title = "The search server reports an error"


class EngineAwayError(EngineError):
    """The search server does not answer, or has no room for another request; ask again later."""

    code = "engine-away"
    title = "The search server does not answer"


class EngineLoginError(EngineError):
    """The search server refused the name or password, or does not allow what was asked."""

    code = "engine-login"
    title = "The search server refused the login"


class EngineCertificateError(EngineError):
    """The certificate of the search server is not trusted, or belongs to another name."""

    code = "engine-certificate"
    title = "The certificate of the search server is not trusted"


class EngineVersionError(EngineError):
    """What answers is no OpenSearch 3 or later. ``details``: ``version``."""

    code = "engine-version"
    title = "The search server has another version"


class EngineReadOnlyError(EngineError):
    """The search server has closed its indices for writing, as it does when a disk is nearly full."""

    code = "engine-read-only"
    title = "The search server takes no documents"
    status = 507


class StateError(LakeError):
    """The state of the data folder (settings, saved searches, jobs) cannot be used: read-only, damaged or newer."""

    code = "unusable-state"
    title = "The state of the data folder cannot be used"


class LimitError(DicomlakeError):
    """As many as are kept are there already: saved searches, settings. ``details``: ``limit``."""

    code = "limit-reached"
    title = "No more of these are kept"
    status = 409


class QueueFullError(LimitError):
    """As many jobs wait as may. ``details``: ``limit``."""

    code = "queue-full"
    title = "Too many jobs are waiting"
    status = 429


class NameTakenError(DicomlakeError):
    """A name that something else of its kind has already."""

    code = "name-taken"
    title = "The name is taken"
    status = 409


class JobNotDoneError(DicomlakeError):
    """The file of a job that is not done, or of one that makes none. ``details``: ``job_status``."""

    code = "job-not-done"
    title = "The job has no file"
    status = 409


class JobLostError(DicomlakeError):
    """The process of a job ended by itself, again and again. ``details``: ``attempts``."""

    code = "job-lost"
    title = "The process of the job ended by itself"


class IndexFileError(DicomlakeError):
    """A file that should be the index of an archive cannot be read or holds something else."""

    code = "unusable-index-file"
    title = "The index of an archive cannot be used"
    status = 422


class StoppedError(DicomlakeError):
    """Work was stopped from outside; what was done stays done. ``details``: what was reached."""

    code = "interrupted"
    title = "The work was interrupted"
    status = 503


class WorkerError(DicomlakeError):
    """The processes that read files cannot be started."""

    code = "no-workers"
    title = "The worker processes cannot be started"


class StartError(DicomlakeError):
    """A part of the service did not start, or ended by itself."""

    code = "not-started"
    title = "The service did not start"


class PortInUseError(DicomlakeError):
    """The address to listen on is taken."""

    code = "port-in-use"
    title = "The port is in use"
    status = 500


class ForbiddenError(DicomlakeError):
    """The request came from somewhere, or for something, that this service does not serve."""

    code = "forbidden"
    title = "Not allowed"
    status = 403


class LinkSignatureError(ForbiddenError):
    """An address of a picture that was altered, or not made by this service."""

    code = "invalid-signature"
    title = "The address was not signed by this service"


class LinkExpiredError(ForbiddenError):
    """An address of a picture that is no longer good; ask for a new one."""

    code = "expired-link"
    title = "The address has expired"


class InvalidRequestError(UsageError):
    """A request that does not fit its documented schema. ``details``: ``errors``, one entry a field."""

    code = "invalid-request"
    title = "The request does not fit its schema"
    status = 422


class MalformedBodyError(UsageError):
    """A request body that is no JSON. ``details``: ``position`` (character in the body) where it is known."""

    code = "malformed-json"
    title = "The body is not JSON"


class UnsupportedBodyError(UsageError):
    """A request body sent as something else than JSON."""

    code = "unsupported-media-type"
    title = "The body has another type than JSON"
    status = 415


class BodyTooLargeError(UsageError):
    """A request body beyond what the service reads."""

    code = "body-too-large"
    title = "The body is too large"
    status = 413


class UnknownRouteError(UsageError):
    """An address the service does not have."""

    code = "unknown-route"
    title = "There is no such address"
    status = 404


class MethodNotAllowedError(UsageError):
    """An address the service has, asked with a method it does not take."""

    code = "method-not-allowed"
    title = "The address does not take this method"
    status = 405
