"""What answers the front end: candidates, ranked, with stars."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel_ext import protocol
from kernel_ext.protocol import Complete, Document, Failed, Ping

if TYPE_CHECKING:
    from kernel_ext.candidates import Candidate
    from kernel_ext.ranker.ranker import Ranker, Suggestion

WINDOW = 200_000
"""Code points of a cell that are looked at: those around the cursor."""

EARLIER = 100_000
"""Code points of earlier cells that are looked at: the nearest ones."""

SIGNED = 100
"""How many of the best items carry their signature; reading one takes some time."""

PATIENCE = 1.0
"""Seconds a request waits for the ranker to be loaded; the front end waits no longer,
and the next request would wait behind this one."""


class Unavailable(RuntimeError):
    """The ranker cannot be used; the text says why in one sentence."""


class Service:
    """Answers requests, in whatever thread they come.

    Parameters
    ----------
    shell : InteractiveShell
        Its namespace is read; nothing in it is run.
    load : callable, optional
        Gives the ranker; by default the one that comes with the package.
    """

    _instance: Service | None = None
    _guard = threading.Lock()

    def __init__(self, shell: Any, load: Callable[[], Ranker] | None = None) -> None:
        self.shell = shell
        self._load = load or _load_ranker
        self._ranker: Ranker | None = None
        self._problem = ""
        self._seconds = 0.0
        self._loaded = threading.Event()
        self._started = threading.Lock()
        self._loading: threading.Thread | None = None

    @classmethod
    def of_shell(cls) -> Service:
        """Return the service of the running shell, made when first asked for."""
        from IPython.core.getipython import get_ipython

        with cls._guard:
            shell = get_ipython()
            if cls._instance is None or cls._instance.shell is not shell:
                cls._instance = cls(shell)
            return cls._instance

    def serve(self, comm: Any) -> None:
        """Answer all that comes on a comm, and load the ranker meanwhile.

        ``comm.on_msg`` would fire the shell's ``pre_execute`` and ``post_execute``
        hooks around each message, in this thread: the inline plots of a cell that runs
        would be drawn and closed half finished, and code that users hang there would
        run at each key. So the comm's own entry point is replaced.
        """

        def handle_msg(message: dict[str, Any]) -> None:
            reply = self.answer(message["content"]["data"])
            comm.send(reply)

        comm.handle_msg = handle_msg
        self.warm_up()

    def answer(self, message: object) -> dict[str, Any]:
        """Answer one message; whatever fails becomes a ``failed`` reply.

        Examples
        --------
        >>> Service(shell=None).answer({"op": "pong?", "id": 3})["op"]
        'failed'
        """
        number = protocol.identifier(message)
        try:
            request = protocol.decode(message)
            handle = _HANDLERS.get(type(request))
            if handle is None:
                raise protocol.ProtocolError(f"'{request.op}' is no request.")
            return protocol.encode(handle(self, request))
        except (protocol.ProtocolError, Unavailable) as error:
            return protocol.encode(Failed(number, str(error)))
        except Exception as error:
            self._log(error)
            text = f"Completion failed: {type(error).__name__}: {error}"
            return protocol.encode(Failed(number, " ".join(text.split())[:300]))

    def complete(self, request: Complete) -> protocol.Completed:
        """Find candidates, rank them with what others offer, and add the stars."""
        from kernel_ext import candidates

        began = time.perf_counter()
        source, cursor, offset = window(request.source, request.cursor)
        before = nearest(request.before)
        if request.language == "python":
            found = candidates.at(source, cursor, before, self._namespace(), self.shell)
        else:
            found = candidates.Found(cursor, cursor)
        first = {c.label: c for c in found.first}
        known = {c.label: c for c in found.candidates if c.label not in first}
        for label, kind in ((item.label, item.type) for item in request.offered):
            if label not in known and label not in first:
                known[label] = candidates.Candidate(label, label, kind)
        items = [_item(c) for c in first.values()]
        if known and found.names:
            labels = list(known)
            ranked = self._rank(request, source, cursor, before, labels, found.receiver)
            items += [
                _item(known[s.label], s, i < SIGNED) for i, s in enumerate(ranked)
            ]
        else:
            items += [_item(c) for c in known.values()]
        took = 1000 * (time.perf_counter() - began)
        return protocol.Completed(
            id=request.id,
            start=found.start + offset,
            end=found.end + offset,
            items=tuple(items),
            took=round(took, 2),
        )

    def document(self, request: Document) -> protocol.Documented:
        """Write the documentation of one candidate."""
        from kernel_ext import candidates

        source, cursor, _ = window(request.source, request.cursor)
        namespace = self._namespace()
        before = nearest(request.before)
        found = candidates.at(source, cursor, before, namespace, self.shell)
        text = candidates.documentation(found, request.label)
        # A docstring may hold half a surrogate pair, which JSON in UTF-8 cannot.
        text = text.encode("utf-8", "replace").decode("utf-8")
        return protocol.Documented(request.id, text)

    def ping(self, request: Ping) -> protocol.Pong:
        """Tell the version of the package."""
        return protocol.Pong(request.id, version())

    def warm_up(self) -> None:
        """Load the ranker and list the modules in a thread of its own, once."""
        with self._started:
            if self._loading is None:
                self._loading = threading.Thread(
                    target=self._prepare, name="polaris-warm-up", daemon=True
                )
                self._loading.start()

    def ranker(self) -> Ranker:
        """Return the ranker, and wait for it while it is being loaded.

        Raises
        ------
        Unavailable
            If it could not be loaded, or not in ``PATIENCE`` seconds.
        """
        self.warm_up()
        if not self._loaded.wait(PATIENCE):
            raise Unavailable(
                "The ranker is still being loaded; try again in a moment."
            )
        if self._ranker is None:
            raise Unavailable(self._problem)
        return self._ranker

    def status(self) -> Status:
        """Describe the ranker, for ``%stars``."""
        self.warm_up()
        self._loaded.wait(30)
        return Status(version(), self._problem, self._seconds, self._ranker)

    def _rank(
        self,
        request: Complete,
        source: str,
        cursor: int,
        before: Sequence[str],
        labels: list[str],
        receiver: str | None,
    ) -> list[Suggestion]:
        from kernel_ext import context

        ranker = self.ranker()
        text = context.join([*before, source])
        return ranker.rank(
            source=text,
            cursor=len(text) - len(source) + cursor,
            candidates=labels,
            language=request.language,
            path=request.path,
            receiver=receiver,
        )

    def _namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = getattr(self.shell, "user_ns", None) or {}
        return namespace

    def _prepare(self) -> None:
        began = time.perf_counter()
        try:
            self._ranker = self._load()
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            self._problem = f"Completion has no ranker: {reason}"
            self._log(error)
        self._seconds = time.perf_counter() - began
        self._loaded.set()
        try:
            self._rehearse()
        except Exception as error:  # the answers will say what is wrong
            self._log(error)

    def _rehearse(self) -> None:
        """Answer once for nobody, so that the first real answer is a quick one."""
        from kernel_ext.candidates import modules

        self.answer(protocol.encode(Complete(0, "x = 'text'\nx.", 13)))
        modules.top_level()  # reads the folders that "import" looks into

    def _log(self, error: BaseException) -> None:
        log = getattr(self.shell, "log", None)
        if log is not None:
            log.debug("Polaris: %s", error, exc_info=error)


class Status:
    """What ``%stars`` shows."""

    def __init__(
        self, version: str, problem: str, seconds: float, ranker: Ranker | None
    ) -> None:
        self.version = version
        self.problem = problem
        self.seconds = seconds
        self.ranker = ranker

    def __repr__(self) -> str:
        """Return one line for each fact."""
        lines = [f"Polaris {self.version}"]
        if self.problem:
            return "\n".join(
                [*lines, self.problem, "JupyterLab's own completion is used."]
            )
        if self.ranker is None:
            return "\n".join([*lines, "The ranker is still being loaded."])
        lines.append(f"Ranker: loaded in {self.seconds:.2f} s, {_weights_size()}")
        return "\n".join(lines)


def window(source: str, cursor: int) -> tuple[str, int, int]:
    """Cut a text of more than ``WINDOW`` code points around the cursor, at lines.

    Returns
    -------
    tuple of (str, int, int)
        The part, the cursor in it, and where the part begins in the text.

    Examples
    --------
    >>> window("ab", 1)
    ('ab', 1, 0)
    """
    if len(source) <= WINDOW:
        return source, cursor, 0
    begin = max(0, cursor - WINDOW * 3 // 4)
    if begin:
        line = source.find("\n", begin, cursor)
        begin = line + 1 if line >= 0 else begin
    end = min(len(source), cursor + WINDOW // 4)
    return source[begin:end], cursor - begin, begin


def nearest(before: Sequence[str]) -> tuple[str, ...]:
    """Return the last of the earlier cells, ``EARLIER`` code points in all.

    Cells that bring imports are few and short, and near the top; of those dropped the
    import lines are kept as one cell.
    """
    room, count = EARLIER, len(before)
    while count and len(before[count - 1]) <= room:
        count -= 1
        room -= len(before[count])
    if not count:
        return tuple(before)
    imports = [
        line
        for cell in before[:count]
        for line in cell[:WINDOW].split("\n")
        if line.startswith(("import ", "from "))
    ]
    return ("\n".join(imports), *before[count:])


def version() -> str:
    """Return the version of the package."""
    from importlib import metadata

    try:
        return metadata.version("polaris-lab")
    except metadata.PackageNotFoundError:  # run from a source folder
        return "unknown"


def _item(
    candidate: Candidate, suggestion: Suggestion | None = None, signed: bool = True
) -> protocol.Item:
    """Make an item; without a suggestion it has no star and claims no probability."""
    return protocol.Item(
        label=candidate.label,
        insert=candidate.insert,
        type=candidate.type,
        signature=candidate.signature if signed else "",
        stars=suggestion.stars if suggestion else 0,
        probability=round(suggestion.probability, 4) if suggestion else 0.0,
        reason=suggestion.reason if suggestion else "",
    )


def _load_ranker() -> Ranker:
    from kernel_ext import Ranker

    return Ranker.load()


def _weights_size() -> str:
    folder = Path(__file__).parent / "weights"
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{size / 1e6:.1f} MB of weights"


_HANDLERS: dict[type, Callable[[Service, Any], Any]] = {
    Complete: Service.complete,
    Document: Service.document,
    Ping: Service.ping,
}
