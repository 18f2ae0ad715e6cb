"""Public benchmarks: the layout of their face crops, and the results that the paper reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from laanet_core.errors import InvalidDataset, UnreadableMedia
from laanet_core.evaluation.eval_sets import EvalItem, EvalSet
from laanet_core.faces.crops import ENLARGEMENT, crop_square
from laanet_core.media.images import read_image

# Evenly spaced frames of a video.
FRAMES = 32

# Pixels trimmed from each side of a crop before it is resized.
TRIM = 5

CROP_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class PublishedResult:
    """Video-level AUC and AP in per cent of a network trained on FF++ raw; None if the paper reports none.

    `training` is BI or SBI, the pseudo-fakes of the training.
    """

    training: str
    auc: float
    ap: float | None


@dataclass(frozen=True)
class Benchmark:
    """A benchmark whose crops lie at `root/<split>/frames/<type>/<video>/<frame>.png`.

    `real` and `fake` list its types.
    """

    title: str
    real: tuple[str, ...]
    fake: tuple[str, ...]
    published: tuple[PublishedResult, ...] = ()

    @property
    def labels(self) -> Mapping[str, int]:
        """Return the label of every type, 1 = fake."""
        return {**dict.fromkeys(self.real, 0), **dict.fromkeys(self.fake, 1)}


def _published(
    bi: tuple[float, float | None], sbi: tuple[float, float | None]
) -> tuple[PublishedResult, ...]:
    """Return the results of both trainings from their (AUC, AP) in per cent."""
    return (PublishedResult("BI", *bi), PublishedResult("SBI", *sbi))


# Real and fake types of both versions of Celeb-DF.
_CELEB_REAL = ("Celeb-real", "YouTube-real")
_CELEB_FAKE = ("Celeb-synthesis",)

BENCHMARKS: Mapping[str, Benchmark] = {
    "ffpp": Benchmark(
        title="FaceForensics++",
        real=("original",),
        fake=("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"),
        published=_published(bi=(99.95, None), sbi=(99.96, None)),
    ),
    "cdf1": Benchmark(title="Celeb-DF v1", real=_CELEB_REAL, fake=_CELEB_FAKE),
    "cdf2": Benchmark(
        title="Celeb-DF v2",
        real=_CELEB_REAL,
        fake=_CELEB_FAKE,
        published=_published(bi=(86.28, 91.93), sbi=(95.40, 97.64)),
    ),
    "dfd": Benchmark(
        title="DeepFakeDetection",
        real=("DeepFakeDetection_original",),
        fake=("DeepFakeDetection",),
        published=_published(bi=(99.51, 99.80), sbi=(98.43, 99.40)),
    ),
    "dfdcp": Benchmark(
        title="DFDC preview",
        real=("original_videos",),
        fake=("method_A", "method_B"),
        published=_published(bi=(69.69, 93.67), sbi=(86.94, 97.70)),
    ),
    "dfdc": Benchmark(title="DFDC", real=("real",), fake=("fake",)),
    "dfw": Benchmark(
        title="DeepFake in the Wild",
        real=("real_test",),
        fake=("fake_test",),
        published=_published(bi=(57.13, 56.89), sbi=(80.03, 81.08)),
    ),
}


def named_benchmark(name: str) -> Benchmark:
    """Look up a benchmark. Raises InvalidDataset naming the choices."""
    try:
        return BENCHMARKS[name]
    except KeyError:
        raise InvalidDataset(f"no benchmark named {name!r}; choose from {', '.join(BENCHMARKS)}") from None


def benchmark_set(name: str, root: Path, size: int, split: str = "test", *, frames: int = FRAMES) -> EvalSet:
    """Return a benchmark's crops as one set for a network of input size `size`.

    Raises InvalidDataset for an unknown name, a missing folder or a class without crops.
    """
    benchmark = named_benchmark(name)
    total = len(benchmark_frames(benchmark, root, split, frames=frames))
    return EvalSet(
        name=name,
        title=benchmark.title,
        total=total,
        items=lambda: benchmark_items(benchmark, root, size, split, frames=frames),
    )


def benchmark_frames(
    benchmark: Benchmark, root: Path, split: str = "test", *, frames: int = FRAMES
) -> list[tuple[Path, int, str]]:
    """Return (file, label, video) of up to `frames` evenly spaced crops per video, in a stable order.

    The label is 1 for a fake; the video is "<type>/<video>". Raises InvalidDataset if a type's folder is
    missing or a class has no crops.
    """
    crops: list[tuple[Path, int, str]] = []
    for kind, label in benchmark.labels.items():
        folder = root / split / "frames" / kind
        if not folder.is_dir():
            raise InvalidDataset(
                f"{benchmark.title}: there is no folder {split}/frames/{kind} in {root.name}"
            )
        for video in sorted(path for path in folder.iterdir() if path.is_dir()):
            files = sorted(file for file in video.iterdir() if file.suffix.lower() in CROP_SUFFIXES)
            crops.extend((file, label, f"{kind}/{video.name}") for file in _evenly_spaced(files, frames))
    labels = {label for _, label, _ in crops}
    for label, label_name in ((0, "real"), (1, "fake")):
        if label not in labels:
            raise InvalidDataset(
                f"{benchmark.title}: no {label_name} crops below {split}/frames in {root.name}"
            )
    return crops


def benchmark_items(
    benchmark: Benchmark, root: Path, size: int, split: str = "test", *, frames: int = FRAMES
) -> Iterator[EvalItem]:
    """Yield the crops of `benchmark_frames`, trimmed and resized for a network of input size `size`.

    Their `person` comes from the video's name, or is the video itself if names identify no people. Raises
    InvalidDataset naming a crop that cannot be read.
    """
    for file, label, video in benchmark_frames(benchmark, root, split, frames=frames):
        try:
            image = read_image(file)
        except UnreadableMedia as error:
            raise InvalidDataset(f"{video}/{file.name}: {error.message}") from error
        height, width = image.shape[:2]
        kind, name = video.split("/")
        yield EvalItem(
            name=f"{video}/{file.name}",
            crop=crop_square(image, (TRIM, TRIM, width - TRIM, height - TRIM), size),
            label=label,
            pack=kind,
            # A video's name is target_source in FF++ and person_source_take in Celeb-DF.
            person=name.split("_")[0],
            video=video,
            face_size=max(width, height) / ENLARGEMENT,
        )


def _evenly_spaced(files: list[Path], count: int) -> list[Path]:
    """Return the middle file of each of `count` equal parts of a list; all files if there are no more."""
    if len(files) <= count:
        return files
    return [files[int((part + 0.5) * len(files) / count)] for part in range(count)]
