from __future__ import annotations

import json
import time

import pytest

from laanet_core.media.generator_text import TOOLS, is_settings, tool_of_texts

AUTOMATIC = (
    "portrait of Jane Roe\nNegative prompt: blurry\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: x"
)
GRAPH = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 1}}})
WORKFLOW = json.dumps({"last_node_id": 9, "nodes": [{"id": 9, "type": "KSampler"}], "links": []})
JOB = "Jane Roe at a lake --ar 2:1 --v 6.0 Job ID: 0b1c2d3e-0000-4000-8000-000000000000"
NOVEL = {
    "prompt": "Jane Roe",
    "steps": 28,
    "scale": 5.0,
    "seed": 7,
    "sampler": "k_euler",
    "uncond_scale": 0.0,
}
INVOKE = {"app_version": "4.2.0", "generation_mode": "txt2img", "positive_prompt": "Jane Roe", "seed": 7}
DREAM = '"portrait of Jane Roe" -s 50 -S 42 -W 512 -H 512 -C 7.5 -A k_lms'
FOOOCUS = {"prompt": "Jane Roe", "seed": "7", "steps": 30, "version": "Fooocus v2.5.5"}
EXAMPLES = [
    ("AUTOMATIC1111", {"parameters": AUTOMATIC}),
    ("ComfyUI", {"prompt": GRAPH}),
    ("ComfyUI", {"workflow": WORKFLOW}),
    ("InvokeAI", {"invokeai_metadata": json.dumps({"positive_prompt": "Jane Roe"})}),
    ("InvokeAI", {"sd-metadata": json.dumps({"model": "stable diffusion"})}),
    ("InvokeAI", {"Dream": DREAM}),
    ("NovelAI", {"Software": "NovelAI", "Comment": json.dumps({"steps": 28})}),
    ("NovelAI", {"Source": "Stable Diffusion 1D44365E", "Comment": json.dumps({"steps": 28})}),
    ("Fooocus", {"fooocus_scheme": "fooocus", "parameters": json.dumps({"prompt": "Jane Roe"})}),
    ("Fooocus", {"parameters": json.dumps(FOOOCUS)}),
    ("SwarmUI", {"parameters": json.dumps({"sui_image_params": {"prompt": "Jane Roe"}})}),
    ("Easy Diffusion", {"use_stable_diffusion_model": "sd", "seed": "1", "prompt": "Jane Roe"}),
    ("Easy Diffusion", {"Stable Diffusion model": "sd", "Seed": "1", "Prompt": "Jane Roe"}),
    ("Midjourney", {"Description": JOB, "Author": "Jane Roe"}),
]
# Settings in one text, as programs write them outside of PNG.
ONE_TEXT = [
    ("AUTOMATIC1111", AUTOMATIC),
    ("AUTOMATIC1111", AUTOMATIC.replace("\n", " ")),
    ("AUTOMATIC1111", "Jane\nSteps: 9, Size: 64x64, Sampler: Default, Seed: -1, CFG scale: 6, App: SD.Next"),
    ("AUTOMATIC1111", 'Jane\nSteps: 9, Sampler: "a, b", CFG scale: 3.5, Seed: 77, Size: 64x64'),
    ("AUTOMATIC1111", "Jane\nSteps: 8, Guidance scale: 1.0, Sampler: Euler, Seed: 4, Size: 64x64"),
    ("ComfyUI", f"Prompt:{GRAPH}"),
    ("ComfyUI", f"workflow: {WORKFLOW}"),
    ("ComfyUI", GRAPH),
    (
        "ComfyUI",
        json.dumps(
            {
                "1": {"class_type": "Own", "inputs": {"a": ["2", 0]}},
                "2": {"class_type": "Other", "inputs": {}},
            }
        ),
    ),
    ("ComfyUI", json.dumps({"prompt": json.loads(GRAPH), "workflow": json.loads(WORKFLOW)})),
    ("ComfyUI", f"{AUTOMATIC}, Version: ComfyUI"),
    ("InvokeAI", json.dumps({"invokeai_metadata": INVOKE})),
    ("InvokeAI", json.dumps(INVOKE)),
    ("InvokeAI", json.dumps({"app_id": "invoke-ai/InvokeAI", "image": {"prompt": "Jane Roe"}})),
    ("InvokeAI", DREAM),
    ("NovelAI", json.dumps({"Software": "NovelAI", "Comment": json.dumps(NOVEL)})),
    ("NovelAI", json.dumps(NOVEL)),
    ("Fooocus", json.dumps(FOOOCUS)),
    ("Fooocus", json.dumps({"prompt": "Jane Roe", "software": "Fooocus 1.0.67 MRE"})),
    ("Fooocus", f"{AUTOMATIC}, Version: Fooocus v2.5.5"),
    ("SwarmUI", json.dumps({"sui_image_params": {"prompt": "Jane Roe", "seed": 7}})),
    ("Easy Diffusion", json.dumps({"prompt": "Jane", "seed": 1, "use_stable_diffusion_model": "sd"})),
    ("Draw Things", json.dumps({"c": "Jane Roe", "seed": 1, "steps": 8, "sampler": "Euler"})),
    ("Midjourney", JOB),
]
# Texts of people and of cameras, with words that programs use as well.
HARMLESS = [
    "a day at the lake",
    "Steps: see the manual",
    "The recipe has three steps: 1, 2, 3. Size: large",
    "Steps: 3, mix the dough with flour. Sampler of cakes, Size: large",
    "Steps: 12, Sampler: cross-stitch, Size: 20x30",
    "Dance steps: 20, Seed: 3, Size: 4x6, a garden",
    "Steps: 20, Seed: 1",
    "Rocky Steps: 72, Philadelphia. Prompt service, seed: 4",
    "prompt: smile for the camera; seed: sunflower; steps: two",
    "Prompt: {draw a cat}",
    "workflow: {raw, crop, export}",
    "seed 42, prompt answer, negative prompt",
    "Midjourney, a novel about Jane Roe",
    "ComfyUI and InvokeAI compared by Jane Roe",
    "made with love, not with NovelAI",
    "Photographed for Fooocus Ltd",
    "A letter about a job. Job ID: 4711",
    "Print order, Job ID: 0b1c2d3e-0000-4000-8000-000000000000",
    "--v 6 is a parameter",
    '"Steps" -s 3 by Jane Roe',
    "Model: Canon, Sampler: none, CFG scale: none",
    json.dumps({"nodes": [], "links": []}),
    json.dumps({"prompt": "What is shown?", "seed": 3, "steps": 2}),
    json.dumps({"name": "darkroom", "version": "2.1", "software": "Darktable"}),
    json.dumps({"steps": 9, "scale": 2, "seed": "oak", "sampler": "wood"}),
    json.dumps({"1": {"class_type": "portrait"}}),
    json.dumps({"seed": 1, "c": "3"}),
    "Photo of my screen: the forum wrote Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512 "
    "and it works",
    "They wrote this:\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512\nand it works.",
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512 and it works",
    '"I have a dream" -s 5 -S 1963 -W 28',
    "Ordered prints --two copies please, Job ID: 0b1c2d3e-0000-4000-8000-000000000000",
    json.dumps({"a": {"class_type": "Mammal", "inputs": {}}}),
    json.dumps({"a": {"class_type": "Mammal", "inputs": {"food": ["grass", 2]}}}),
    json.dumps({"c": "blue", "seed": "grass", "steps": 4, "sampler": "me"}),
    json.dumps({"steps": [1], "scale": 1, "seed": 2, "sampler": "water", "request_type": "lab"}),
    json.dumps({"version": "Fooocus group photo"}),
    json.dumps({"seed": 5, "Stable Diffusion model": "model of diffusion in the museum"}),
    "OLYMPUS DIGITAL CAMERA",
    "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90",
    "exposure 1/60",
    "[" * 100_000,
    '{"a":' * 50_000,
    "\x00\x01\x02",
]


@pytest.mark.parametrize(("tool", "texts"), EXAMPLES)
def test_settings_of_programs_are_recognised(tool: str, texts: dict[str, str]) -> None:
    assert tool_of_texts(texts) == tool
    assert tool in TOOLS


@pytest.mark.parametrize(("tool", "text"), ONE_TEXT)
@pytest.mark.parametrize("key", ["comment", "description", "parameters", "windows comment"])
def test_settings_in_one_text_are_recognised_under_any_key(tool: str, text: str, key: str) -> None:
    assert tool_of_texts({key: text, "software": "Paint"}) == tool
    assert is_settings(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_texts_of_people_and_cameras_are_not(text: str) -> None:
    for key in ("Comment", "Description", "parameters", "prompt", "workflow", "Title"):
        assert tool_of_texts({key: text, "Software": "GIMP"}) is None


def test_no_harmless_texts_make_settings_together() -> None:
    keys = ("Comment", "Description", "parameters", "prompt", "workflow", "Title", "Source", "seed", "steps")
    for start in range(len(HARMLESS)):
        rotated = [*HARMLESS[start:], *HARMLESS[:start]]
        assert tool_of_texts(dict(zip(keys, rotated, strict=False))) is None


@pytest.mark.parametrize(
    ("software", "tool"),
    [
        ("ComfyUI", "ComfyUI"),
        ("Fooocus v2.5.5", "Fooocus"),
        ("InvokeAI 4.2", "InvokeAI"),
        ("draw things", "Draw Things"),
        ("Midjourney", "Midjourney"),
        ("Midjourney-Viewer 2", None),
        ("Adobe Photoshop 25", None),
        ("Plugin for ComfyUI", None),
        ("Midjourney exhibition catalogue 1.0", None),
        ("Draw Things for Kids", None),
        ("Fooocus group photo", None),
    ],
)
def test_program_that_names_itself(software: str, tool: str | None) -> None:
    assert tool_of_texts({"Software": software}) == tool
    # A person may write the name as a title.
    assert tool_of_texts({"Title": software, "Description": software}) is None


@pytest.mark.parametrize(
    "part",
    [
        '{"a":',
        '"x" ',
        " --v 6",
        " Job ID: ",
        "Steps: 20, ",
        "Steps: 20, Seed: 1, CFG scale: 7, ",
        "prompt:",
        "a: ",
        "\nSteps: 1, ",
        "a: b, ",
        '{"a":1},',
        '" "-s 1',
    ],
)
def test_hostile_texts_end_soon(part: str) -> None:
    began = time.process_time()
    for start in ("", '"', "\nSteps: 20, "):
        assert tool_of_texts({"comment": start + part * (1_000_000 // len(part))}) is None
    assert time.process_time() - began < 1
