"""Settings that programs for AI pictures leave in a file: recognised by form, never passed on.

A prompt may name people or places, so only the program's name is returned. A person's caption must never be
taken for settings, so every form needs several typed values together, or a name that only the program writes.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_AUTOMATIC = "AUTOMATIC1111"
_COMFY = "ComfyUI"
_INVOKE = "InvokeAI"
_NOVEL = "NovelAI"
_FOOOCUS = "Fooocus"
_SWARM = "SwarmUI"
_DRAW_THINGS = "Draw Things"
_EASY = "Easy Diffusion"
_MIDJOURNEY = "Midjourney"
TOOLS = (_AUTOMATIC, _COMFY, _INVOKE, _NOVEL, _FOOOCUS, _SWARM, _DRAW_THINGS, _EASY, _MIDJOURNEY)

# Characters of a text that are looked at. The reader limits all texts of a file together.
_MAX_TEXT = 1_000_000
# Members of all JSON objects together that are looked at like texts. Real objects of settings have below 100.
_MAX_MEMBERS = 2000
# Lines of one text in which settings may begin: the last ones.
_MAX_LINES = 3

# Line of settings as AUTOMATIC1111 and its relatives write it: "Steps: 20, Sampler: Euler a, ...".
_STEPS = re.compile(r"Steps: \d{1,5},\s{1,2}")
_SETTING = re.compile(
    r"([A-Za-z][\w .-]{0,40}): ?(\"(?:[^\"\\]|\\.){0,5000}\"|[^,\n]{0,500})(?:,\s{0,2}|\s|\Z)"
)
_MAX_SETTINGS = 60
_SCALES = ("cfg scale", "guidance scale", "distilled cfg scale")
_NUMBER, _WHOLE = re.compile(r"\d{1,4}(\.\d{1,6})?"), re.compile(r"-?\d{1,20}")
_SIZE = re.compile(r"\d{2,5}x\d{2,5}")
# Line of a further setting behind the settings, such as a template.
_FURTHER = re.compile(r"\s{0,20}(?:\Z|[A-Za-z][\w .-]{0,40}: ?)")
# Words before settings whose line breaks became spaces.
_NEGATIVE = "Negative prompt: "

# Command line of InvokeAI's first versions: a prompt in quotes, then steps, seed, and size of the picture.
_MAX_DREAM = 10_000
_OPTION = re.compile(r"\s-([A-Za-z]) ?([\w.+-]{1,40})(?=\s|\Z)")
# Sides of a picture are multiples of this.
_DREAM_SIDE = 8
# End of Midjourney's description: parameters with values of their form, then the job.
_JOB = re.compile(r"\sJob ID: [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_JOB_LENGTH = len(" Job ID: ") + 36
_PARAMETER = re.compile(
    r"\s--(?:(?:ar|aspect) \d{1,4}:\d{1,4}|(?:v|version|niji|s|stylize|c|chaos|q|quality|seed|iw|weird|w"
    r"|stop) \d{1,10}(?:\.\d{1,3})?|style [a-z]{1,20}|raw|tile)(?=\s|\Z)",
    re.IGNORECASE,
)
# ComfyUI writes its graph behind these words into tags for other purposes.
_GRAPH_PREFIX = re.compile(r"\s{0,20}(?:prompt|workflow):\s{0,5}(?=\{)", re.IGNORECASE)
# Parts of names of ComfyUI's nodes that every graph for a picture has.
_NODE = re.compile(r"Sampler|Loader|CLIPTextEncode|VAE(?:De|En)code|LatentImage|SaveImage")

# Names with which other programs write themselves, with a version.
_FOOOCUS_NAME = re.compile(r"(?:Ruined)?Fooocus(?: v?\d[\w.-]{0,20}(?: [A-Z]\w{1,9})?)?")
_STABLE_DIFFUSION = re.compile(r"NovelAI.{0,60}|Stable Diffusion(?: XL)? [0-9A-F]{8}")


@dataclass(frozen=True)
class _Texts:
    """Texts by key in lower case, and the objects among them. JSON in a text may have texts by key, too."""

    texts: Mapping[str, str]
    objects: Mapping[str, Mapping[str, Any]]
    # Keys of the numbers of an object. They are among the texts, too.
    numbers: Collection[str]

    def text(self, key: str) -> str:
        return self.texts.get(key, "")

    def object(self, key: str) -> Mapping[str, Any]:
        """Return the JSON object under a key; empty if there is none."""
        return self.objects.get(key, {})

    @functools.cached_property
    def settings(self) -> list[Mapping[str, str]]:
        """Return all settings in AUTOMATIC1111's form among the texts."""
        return [found for text in self.texts.values() for found in _settings(text)]


def tool_of_texts(texts: Mapping[str, str]) -> str | None:
    """Return the program whose settings are in one part of a file; None if there are none.

    `texts` are by key, such as those of a PNG, or `comment` and `software` of EXIF.
    """
    layers = list(_layers(texts))
    return next((tool for tool, matches in _RULES if any(matches(layer) for layer in layers)), None)


def is_settings(text: str) -> bool:
    """Return whether a text is settings of a program for AI pictures, whatever its key."""
    return tool_of_texts({"": text}) is not None


def _layers(texts: Mapping[str, str]) -> Iterator[_Texts]:
    """Yield the texts, and the members of each JSON object among them as texts."""
    whole = _layer({key.lower(): text[:_MAX_TEXT] for key, text in texts.items()})
    yield whole
    left = _MAX_MEMBERS
    for members in whole.objects.values():
        yield _layer({str(key).lower(): value for key, value in itertools.islice(members.items(), left)})
        left = max(0, left - len(members))


def _layer(values: Mapping[str, Any]) -> _Texts:
    strings = {key: value for key, value in values.items() if isinstance(value, str)}
    objects = {key: value for key, value in values.items() if isinstance(value, dict)}
    return _Texts(
        {**strings, **{key: str(value) for key, value in values.items() if isinstance(value, int | float)}},
        {**objects, **{key: found for key, text in strings.items() if (found := _object(text))}},
        {key for key, value in values.items() if _is_number(value)},
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _object(text: str) -> Mapping[str, Any]:
    """Return the JSON object in a text; empty if it is none."""
    prefix = _GRAPH_PREFIX.match(text)
    text = text[prefix.end() :] if prefix else text
    if not text[:100].lstrip("\ufeff \t\r\n").startswith("{"):
        return {}
    try:
        # Some tools write NaN, which Python reads, and characters behind the object.
        value, _ = json.JSONDecoder().raw_decode(text.lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _settings(text: str) -> Iterator[Mapping[str, str]]:
    """Yield the values by name, in lower case, of each line of settings in AUTOMATIC1111's form.

    People quote settings in sentences, so settings begin a line, and only further settings follow it.
    """
    end = len(text)
    for _ in range(_MAX_LINES):
        end = text.rfind("Steps: ", 0, end)
        if end < 0:
            return
        start = _STEPS.match(text, end)
        if start is None or not _begins_settings(text, end):
            continue
        values, place = _values(text, start.end())
        line_end = text.find("\n", max(end, place - 2))
        if line_end >= 0 and _FURTHER.match(text, line_end) is None:
            continue
        is_scaled = any(_NUMBER.fullmatch(values.get(name, "")) for name in _SCALES)
        has_seed = _WHOLE.fullmatch(values.get("seed", "")) is not None
        is_sized = _SIZE.fullmatch(values.get("size", "")) is not None
        is_typed = is_sized or ("size" not in values and bool(values.get("sampler")))
        if has_seed and is_scaled and is_typed:
            yield values


def _begins_settings(text: str, place: int) -> bool:
    """Return whether a place is the beginning of a line, or behind a negative prompt in the same line."""
    line = text.rfind("\n", 0, place) + 1
    return not text[line:place].strip() or text.rfind(_NEGATIVE, line, place) >= 0


def _values(text: str, place: int) -> tuple[dict[str, str], int]:
    """Return the values of settings by name, in lower case, from a place on, and the place of their end."""
    values: dict[str, str] = {}
    for _ in range(_MAX_SETTINGS):
        found = _SETTING.match(text, place)
        if found is None:
            break
        values.setdefault(found[1].lower(), found[2].strip())
        place = found.end()
        if found[0].endswith("\n"):
            break
    return values, place


def _has_version(texts: _Texts, name: str) -> bool:
    """Return whether settings in AUTOMATIC1111's form name another program as their writer."""
    return any(settings.get("version", "").startswith(name) for settings in texts.settings)


def _is_swarm(texts: _Texts) -> bool:
    return bool(texts.object("sui_image_params"))


def _is_fooocus(texts: _Texts) -> bool:
    scheme = texts.text("fooocus_scheme") in ("fooocus", "a1111")
    names = [texts.text(key) for key in ("version", "software")]
    is_named = any(_FOOOCUS_NAME.fullmatch(name.strip()) for name in names)
    return scheme or is_named or _has_version(texts, _FOOOCUS)


def _is_invoke(texts: _Texts) -> bool:
    keys = ("invokeai_metadata", "invokeai_graph", "invokeai_workflow", "sd-metadata")
    if any(texts.object(key) for key in keys):
        return True
    if "invoke-ai/invokeai" in texts.text("app_id").lower():
        return True
    if "positive_prompt" in texts.texts and {"generation_mode", "app_version"} & texts.texts.keys():
        return True
    return any(map(_is_dream, texts.texts.values()))


def _is_dream(text: str) -> bool:
    """Return whether a text is a command line of InvokeAI's first versions."""
    if not text.startswith('"') or len(text) > _MAX_DREAM:
        return False
    options = dict(_OPTION.findall(text, text.rindex('"') + 1))
    numbers = [options.get(name, "") for name in ("s", "S", "W", "H")]
    if not all(number.isdecimal() and len(number) < 13 for number in numbers):
        return False
    width, height = int(numbers[2]), int(numbers[3])
    return width > 0 and height > 0 and width % _DREAM_SIDE == height % _DREAM_SIDE == 0


def _is_novel(texts: _Texts) -> bool:
    if texts.text("software").strip().lower() == "novelai":
        return True
    is_known = _STABLE_DIFFUSION.fullmatch(texts.text("source").strip()) is not None
    if is_known and _is_number(texts.object("comment").get("steps")):
        return True
    own = {"uncond_scale", "signed_hash", "request_type", "noise_schedule", "v4_prompt"}
    names = {*texts.texts, *texts.objects}
    return {"steps", "scale", "seed"} <= {*texts.numbers} and "sampler" in names and bool(own & names)


def _is_draw_things(texts: _Texts) -> bool:
    has_names = {"c", "sampler"} <= texts.texts.keys() and not {"c", "sampler"} & {*texts.numbers}
    is_short = has_names and {"seed", "steps"} <= {*texts.numbers}
    return is_short or ("c" in texts.texts and "sampler" in texts.object("v2"))


def _is_comfy(texts: _Texts) -> bool:
    return any(map(_is_graph, texts.objects.values())) or _has_version(texts, _COMFY)


def _is_graph(graph: Mapping[str, Any]) -> bool:
    """Return whether an object is a graph of ComfyUI, as it is run or as its editor saves it."""
    nodes = graph.get("nodes")
    if isinstance(nodes, list) and isinstance(graph.get("links"), list):
        state = graph.get("state")
        return "last_node_id" in graph or (isinstance(state, dict) and "lastNodeId" in state)
    nodes = [node for node in graph.values() if _is_node(node)]
    return any(_NODE.search(node["class_type"][:200]) or _has_link(node, graph) for node in nodes)


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )


def _has_link(node: Mapping[str, Any], graph: Mapping[str, Any]) -> bool:
    """Return whether an input of a node is the number of an output of another node."""
    return any(
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and _is_node(graph.get(value[0]))
        for value in node["inputs"].values()
    )


def _is_automatic(texts: _Texts) -> bool:
    return bool(texts.settings)


def _is_easy(texts: _Texts) -> bool:
    has_seed = texts.text("seed").strip().isdecimal()
    if has_seed and "use_stable_diffusion_model" in texts.texts:
        return True
    return has_seed and {"stable diffusion model", "prompt"} <= texts.texts.keys()


def _is_midjourney(texts: _Texts) -> bool:
    return any(map(_is_job, texts.texts.values()))


def _is_job(text: str) -> bool:
    """Return whether a text ends like Midjourney's descriptions."""
    tail = text[-3000:].rstrip()
    job = _JOB.match(tail, max(0, len(tail) - _JOB_LENGTH))
    return job is not None and _PARAMETER.search(tail[: job.start()]) is not None


def _is_program(name: str) -> Callable[[_Texts], bool]:
    """Return a rule on the text that names the program that wrote a file."""
    pattern = re.compile(rf"{re.escape(name)}(?: v?\d[\w.+-]{{0,20}})?", re.IGNORECASE)
    return lambda texts: pattern.fullmatch(texts.text("software")[:200].strip()) is not None


# Forms by program. The first that matches decides: relatives of AUTOMATIC1111 write its settings too.
_RULES: tuple[tuple[str, Callable[[_Texts], bool]], ...] = (
    (_SWARM, _is_swarm),
    (_FOOOCUS, _is_fooocus),
    (_INVOKE, _is_invoke),
    (_NOVEL, _is_novel),
    (_DRAW_THINGS, _is_draw_things),
    (_COMFY, _is_comfy),
    (_AUTOMATIC, _is_automatic),
    (_EASY, _is_easy),
    (_MIDJOURNEY, _is_midjourney),
    *((name, _is_program(name)) for name in TOOLS),
)
