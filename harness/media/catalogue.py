"""The catalogue of media samples: what each is made of, frame by frame and byte by byte."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from harness.core.errors import InputFileError, UsageError

FILE_NAME = "catalogue.yaml"
_BLOCK_BYTES = 1 << 20

N = TypeVar("N", "Rendition", "Sample")


def _contained(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or ":" in path or "\0" in path:
        raise ValueError(f"{path!r} must be a relative path inside the samples folder, without '..'")
    return path


def _exact(value: object) -> object:
    """A Fraction of a whole number or of text such as '30000/1001'; anything else is left for pydantic to refuse."""
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError) as e:
            raise ValueError(f"{value!r} is not a number or a fraction such as '30000/1001'") from e
    if isinstance(value, float):
        raise ValueError(f"write {value!r} as an exact fraction in quotes, such as '30000/1001'")
    return value


def _positive(value: Fraction) -> Fraction:
    if value <= 0:
        raise ValueError(f"{value} must be greater than 0")
    return value


ContainedPath = Annotated[str, AfterValidator(_contained)]
Exact = Annotated[Fraction, BeforeValidator(_exact), AfterValidator(_positive)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Rendition(_Strict):
    """One encoding of a sample's picture or sound."""

    id: Name
    kind: Literal["video", "audio"]
    codec: str
    width: int | None = Field(default=None, gt=0)
    height: int | None = Field(default=None, gt=0)
    frame_rate: Exact | None = None
    frames: int = Field(gt=0)
    content_id: int | None = Field(default=None, ge=0, le=255)
    bandwidth_bps: int = Field(gt=0)


class MediaObject(_Strict):
    """One file of a sample: what the packager made and what must be found on the tablet."""

    path: ContainedPath
    size_bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    rendition: Name | None = None
    role: Literal["manifest", "init", "segment", "text", "poster", "reference"]
    index: int | None = Field(default=None, ge=0)


class Sample(_Strict):
    """One title."""

    id: Name
    title: str
    summary: str
    licence: str
    how_made: str
    manifest: ContainedPath
    duration_s: Exact
    limits: dict[str, float] = Field(default_factory=dict)
    renditions: tuple[Rendition, ...] = Field(min_length=1)
    objects: tuple[MediaObject, ...] = Field(min_length=1)

    def rendition(self, rendition_id: str) -> Rendition:
        """The rendition of that id; UsageError naming the nearest when there is none."""
        return _named(self.renditions, rendition_id, f"rendition of {self.id}")

    @property
    def video(self) -> tuple[Rendition, ...]:
        """The renditions that carry a marker."""
        return tuple(r for r in self.renditions if r.kind == "video")


class Catalogue(_Strict):
    """All samples of a folder."""

    samples: tuple[Sample, ...] = Field(min_length=1)

    def sample(self, sample_id: str) -> Sample:
        """The sample of that id; UsageError naming the nearest when there is none."""
        return _named(self.samples, sample_id, "sample")


@dataclass(frozen=True)
class Problem:
    """One file that is not what the catalogue says."""

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


def load(folder: Path) -> Catalogue:
    """The catalogue of a samples folder.

    Raises:
        InputFileError: the file is missing or broken; all its problems in one message.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as e:
        raise InputFileError(str(path), "", "there is no such file", "`redeye samples build` makes it") from e
    except (OSError, UnicodeDecodeError) as e:
        raise InputFileError(str(path), "", f"cannot be read: {e}") from e
    data = _parse(path, text)
    try:
        catalogue = Catalogue.model_validate(data)
    except ValidationError as e:
        problems = [_sentence(error) for error in e.errors()]
        raise InputFileError(str(path), problems[0][0], _together(problems)) from e
    doubts = list(_contradictions(catalogue))
    if doubts:
        raise InputFileError(str(path), doubts[0][0], _together(doubts))
    return catalogue


def check(folder: Path, only: Sample | None = None) -> tuple[Problem, ...]:
    """Every object whose file is missing or has another size or hash; empty when all is well.

    Args:
        only: look at this sample's objects; None looks at all.
    Raises:
        InputFileError: the catalogue itself cannot be read.
    """
    samples = load(folder).samples if only is None else (only,)
    found = (_look(folder, item) for sample in samples for item in sample.objects)
    return tuple(problem for problem in found if problem is not None)


def _look(folder: Path, item: MediaObject) -> Problem | None:
    path = folder / item.path
    if not path.resolve().is_relative_to(folder.resolve()):
        return Problem(item.path, "is a link that leads out of the samples folder")
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                size += len(block)
                digest.update(block)
    except FileNotFoundError:
        return Problem(item.path, "is missing")
    except OSError as e:
        return Problem(item.path, f"cannot be read: {e.strerror}")
    if size != item.size_bytes:
        return Problem(item.path, f"has {size} bytes, the catalogue says {item.size_bytes}")
    if digest.hexdigest() != item.sha256:
        return Problem(item.path, f"has sha256 {digest.hexdigest()[:12]}..., the catalogue says {item.sha256[:12]}...")
    return None


def _parse(path: Path, text: str) -> object:
    yaml = YAML(typ="safe", pure=True)
    try:
        data = yaml.load(text)
    except MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        where = f"line {mark.line + 1}" if mark is not None else ""
        problem = " ".join(str(e.problem or e.context or "is not YAML").split())
        raise InputFileError(str(path), where, f"is not valid YAML: {problem}", "is the file cut short?") from e
    except (YAMLError, RecursionError, ValueError) as e:
        raise InputFileError(str(path), "", f"is not valid YAML: {' '.join(str(e).split())[:200]}") from e
    if data is None:
        raise InputFileError(str(path), "", "is empty; expected the key 'samples'")
    if not isinstance(data, Mapping):
        raise InputFileError(str(path), "", f"holds a {type(data).__name__}; expected the key 'samples'")
    return data


def _sentence(error: Any) -> tuple[str, str]:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        near = difflib.get_close_matches(key, _keys(error["loc"][:-1]), n=1)
        return place, f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if error["type"] == "missing":
        return place, "is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    return place, message[0].lower() + message[1:] if message else "is wrong"


def _keys(place: tuple[Any, ...]) -> list[str]:
    names = [part for part in place if isinstance(part, str)]
    models: dict[str, type[BaseModel]] = {"samples": Sample, "renditions": Rendition, "objects": MediaObject}
    return list((models.get(names[-1], Catalogue) if names else Catalogue).model_fields)


def _together(problems: list[tuple[str, str]]) -> str:
    first = problems[0][1]
    return "; ".join([first, *(f"{place}: {problem}" for place, problem in problems[1:])])


def _contradictions(catalogue: Catalogue) -> list[tuple[str, str]]:
    """What no single key shows: ids used twice, names that lead nowhere, video without its numbers."""
    found: list[tuple[str, str]] = []
    found += [("samples", f"id {name!r} is used twice") for name in _twice([s.id for s in catalogue.samples])]
    marks = [r.content_id for s in catalogue.samples for r in s.renditions if r.content_id is not None]
    found += [("samples", f"content_id {number} is used twice") for number in _twice(marks)]
    for i, sample in enumerate(catalogue.samples):
        place = f"samples.{i}"
        known = {r.id for r in sample.renditions}
        paths, ids = [o.path for o in sample.objects], [r.id for r in sample.renditions]
        found += [(f"{place}.objects", f"path {path!r} is listed twice") for path in _twice(paths)]
        found += [(f"{place}.renditions", f"id {name!r} is used twice") for name in _twice(ids)]
        for k, item in enumerate(sample.objects):
            if item.rendition is not None and item.rendition not in known:
                found.append((f"{place}.objects.{k}.rendition", f"{item.rendition!r} is none of {sorted(known)}"))
        for k, rendition in enumerate(sample.renditions):
            numbers = (rendition.width, rendition.height, rendition.frame_rate)
            if rendition.kind == "video" and None in numbers:
                found.append((f"{place}.renditions.{k}", "a video rendition needs width, height and frame_rate"))
        if not any(o.path == sample.manifest and o.role == "manifest" for o in sample.objects):
            found.append((f"{place}.manifest", f"{sample.manifest!r} is not among the objects with role manifest"))
    return found


def _twice(values: list[Any]) -> list[Any]:
    return sorted({value for value in values if values.count(value) > 1})


def _named(items: tuple[N, ...], wanted: str, what: str) -> N:
    for item in items:
        if item.id == wanted:
            return item
    known = [item.id for item in items]
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"there is no {what} {wanted!r}; {hint}known: {', '.join(known)}")
