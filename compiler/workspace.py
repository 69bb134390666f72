"""Files around a run of passes outside `compile`: where blobs and archives are looked for, and where new ones go."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.compiler.binding import Services
from split4ml.compiler.builddir import options_beside
from split4ml.compiler.options import CompileOptions
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from split4ml.backends.hls4ml.options import HlsOptions
    from split4ml.compiler.devices import Parts
    from split4ml.compiler.services import Session

WEIGHTS = "weights"
MODELS = (".onnx", ".fml")
"""What a front end reads, rather than xDSL's parser."""


def services_of(session: Callable[[], Session], device_file: Path | None = None) -> Services:
    """A session under the names that passes know (compiler/passtable.py), and the parts and boards."""

    def devices() -> Parts:
        from split4ml.compiler.devices import Parts

        return Parts(device_file)

    return Services(
        {
            "weights": lambda: session().store,
            "lowering": session,
            "notes": session,
            "samples": session,
            "archives": session,
            "costs": session,
            "measured": session,
            "tracer": session,
            "waveforms": session,
            "devices": devices,
        }
    )


def hls_options(options: CompileOptions) -> HlsOptions:
    """What of the options hls4ml is told. Raises Split4mlError for a configuration that cannot be read."""
    from split4ml.backends.hls4ml.options import HlsOptions
    from split4ml.backends.hls4ml.places import Places
    from split4ml.compiler.defaults import configured_type
    from split4ml.compiler.hls_config import hls_config_for

    config, places = hls_config_for(options) if options.hls_config else (None, Places())
    return HlsOptions(
        backend=options.backend,
        part=options.part,
        clock_ns=options.clock,
        precision=configured_type(options.precision),
        reuse_factor=options.reuse_factor,
        strategy=options.strategy,
        hls_config=config,
        io_type=options.io_type,
        places=places,
    )


class Workspace:
    """The services for IR that lies in `source` (None: standard input), made when first needed."""

    def __init__(
        self,
        source: Path | None,
        scratch: Path,
        options: CompileOptions | None = None,
        archive: Path | None = None,
        weights: Path | None = None,
        timing: Path | None = None,
    ) -> None:
        self._source = source
        self._scratch = scratch
        self._options = options
        self._archive = archive
        self._weights = weights
        self._timing = timing
        self._session: Session | None = None
        self.services = services_of(self.session)

    @property
    def notes(self) -> list[str]:
        """What the user should know about the passes so far."""
        return list(self._session.notes) if self._session is not None else []

    def session(self) -> Session:
        if self._session is None:
            self._session = self._open()
        return self._session

    def _open(self) -> Session:
        from split4ml.compiler.blobstore import BlobStore
        from split4ml.compiler.costdata import cost_file
        from split4ml.compiler.services import Session

        folder = (self._source or Path("stdin")).absolute().parent
        options = self._options
        if options is None and self._source is not None:
            options = options_beside(self._source)
        options = options or CompileOptions()
        near = (folder, folder.parent)
        weights = [self._weights] if self._weights else [place / WEIGHTS for place in near]
        archives = (
            [self._archive] if self._archive else [p for place in near for p in sorted(place.glob("*.fml"))]
        )
        return Session(
            store=BlobStore(weights),
            folder=self._scratch,
            archives=archives,
            hls=hls_options(options),
            tool=str(options.tool),
            start=options.start,
            frames=options.profile_frames,
            cost_file=cost_file(options),
            timing_file=self._timing or options.timing,
        )

    def import_model(self, path: Path) -> ModuleOp:
        """Reads a model with its front end. Raises Split4mlError."""
        from split4ml.compiler.importing import import_source

        inputs = self._options.input if self._options else None
        return import_source(path, self.session(), inputs)

    def save_beside(self, module: ModuleOp, file: Path) -> None:
        """Writes what the IR in `file` names beside it: blobs that are new, and archives."""
        from split4ml.compiler.stimulus import blobs
        from split4ml.dialects.flow import ModelOp
        from split4ml.dialects.nn import ConstantOp

        if self._session is None:
            return
        named = {op.blob.data for op in module.walk() if isinstance(op, ConstantOp)} | set(blobs(module))
        if named:
            self._session.store.flush(file.parent / WEIGHTS, named)
        for model in module.walk():
            if isinstance(model, ModelOp) and model.digest.data in self._session.graphs:
                name = model.archive.data
                if Path(name).name != name:
                    raise Split4mlError(
                        f"the archive {name!r} is no plain file name", f"@{model.sym_name.data}"
                    )
                if not (file.parent / name).exists() and not (file.parent.parent / name).exists():
                    shutil.copyfile(self._session.archive_path(model), file.parent / name)


@contextmanager
def workspace(
    source: Path | None,
    options: CompileOptions | None = None,
    archive: Path | None = None,
    weights: Path | None = None,
    timing: Path | None = None,
) -> Iterator[Workspace]:
    """A workspace whose scratch folder goes away in the end."""
    with tempfile.TemporaryDirectory(prefix="split4ml-") as scratch:
        yield Workspace(source, Path(scratch), options, archive, weights, timing)
