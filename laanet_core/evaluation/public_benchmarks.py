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
    return (PublishedResult("BI", *bi), PublishedResult("SBI", *sbi))


_CELEB = (("Celeb-real", "YouTube-real"), ("Celeb-synthesis",))
BENCHMARKS: Mapping[str, Benchmark] = {
    "ffpp": Benchmark(
        "FaceForensics++",
        ("original",),
        ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"),
        _published((99.95, None), (99.96, None)),
    ),
    "cdf1": Benchmark("Celeb-DF v1", *_CELEB),
    "cdf2": Benchmark("Celeb-DF v2", *_CELEB, _published((86.28, 91.93), (95.40, 97.64))),
    "dfd": Benchmark(
        "DeepFakeDetection",
        ("DeepFakeDetection_original",),
        ("DeepFakeDetection",),
        _published((99.51, 99.80), (98.43, 99.40)),
    ),
    "dfdcp": Benchmark(
        "DFDC preview",
        ("original_videos",),
        ("method_A", "method_B"),
        _published((69.69, 93.67), (86.94, 97.70)),
    ),
    "dfdc": Benchmark("DFDC", ("real",), ("fake",)),
    "dfw": Benchmark(
        "DeepFake in the Wild", ("real_test",), ("fake_test",), _published((57.13, 56.89), (80.03, 81.08))
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
        name, benchmark.title, total, lambda: benchmark_items(benchmark, root, size, split, frames=frames)
    )


def benchmark_frames(
    benchmark: Benchmark, root: Path, split: str = "test", *, frames: int = FRAMES
) -> list[tuple[Path, int, str]]:
    """Return (file, label, video) of up to `frames` evenly spaced crops per video, in a stable order.

    Raises InvalidDataset if a type's folder is missing or a class has no crops.
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
    for label, word in ((0, "real"), (1, "fake")):
        if label not in labels:
            raise InvalidDataset(f"{benchmark.title}: no {word} crops below {split}/frames in {root.name}")
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
            # FF++: target_source; Celeb-DF: person_source_take.
            person=name.split("_")[0],
            video=video,
            face_size=max(width, height) / ENLARGEMENT,
        )


def _evenly_spaced(files: list[Path], count: int) -> list[Path]:
    if len(files) <= count:
        return files
    return [files[int((number + 0.5) * len(files) / count)] for number in range(count)]
