"""A stored result, as the holder of its receipt sees it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from laanet_core.inference.key_frames import longest_fake
from laanet_core.results import number_text
from webapp.texts import Texts
from webapp.ui.render import headline
from webapp.ui.render.faces import grid, pill
from webapp.ui.render.reliability import reliability_lines


def record(found: Mapping[str, Any], texts: Texts) -> str:
    """What `ReceiptService.result` gave: the outcome first, then scores, votes, the moderators' decision and later models."""
    model = found["model"]
    made = texts.receipt_made.format(
        time=_minute(found["created_at"]), model=model["name"], version=model["version"]
    )
    parts = [
        _head(found, texts),
        f"<p class='lens-help'>{escape(made)} {escape(texts.receipt_durable if found['durable'] else texts.receipt_not_durable)}</p>",
        _scores(found, texts),
        _reliability(found, texts),
        _section(texts.receipt_file, _file(found["media"], texts)),
        _section(texts.moderators_decision, _decision(found, texts)),
        _section(texts.later_models, _later(found["later_scores"], texts)),
        _section(texts.receipt_votes, _votes(found, texts)),
    ]
    return "".join(parts)


def _head(found: Mapping[str, Any], texts: Texts) -> str:
    state = "unstable" if found["held"] is False else found["verdict"] or found["outcome"]
    verdicts = [verdict for _, _, verdict in _subjects(found)]
    error = found.get("error")
    said = [texts.errors.get(error["code"], error["message"]) if error else texts.outcomes[state][1]]
    said += [texts.cautions[caution] for caution in found["cautions"]]
    said += headline.others(verdicts, state, texts)
    if state == "inconclusive" and found["kind"] == "video":
        unsure = [row["track"] for _, row, verdict in _subjects(found) if verdict == "inconclusive"]
        fakes = longest_fake(
            ((face["track"], face["time"], face["verdict"]) for face in found["faces"]), unsure
        )
        said += headline.stretch(fakes, len(verdicts), texts)
    prob = found["fake_prob"]
    number = (
        ""
        if prob is None
        else f"<p class='lens-prob'>{escape(texts.fake_probability)} <strong>{number_text(prob)}</strong></p>"
    )
    title = escape(headline.title(state, found["kind"], verdicts, texts))
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in said)
    return f"<section class='lens-head lens-{headline.colour(state)}'><h2>{title}</h2>{sentences}{number}</section>"


def _subjects(found: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any], str | None]]:
    """The faces of a picture or persons of a clip: number, row, and the verdict that is left."""
    rows: Sequence[Mapping[str, Any]] = (
        found.get("tracks") or [] if found["kind"] == "video" else found["faces"]
    )
    unstable = () if found["kind"] == "video" else found["unstable_faces"]
    return [
        (number, row, "inconclusive" if number in unstable else row["verdict"])
        for number, row in enumerate(rows, start=1)
    ]


def _scores(found: Mapping[str, Any], texts: Texts) -> str:
    heads = (texts.columns_video if found["kind"] == "video" else texts.columns_image)[:4]
    body = [
        (str(number), pill(verdict, texts), number_text(row["fake_prob"]), number_text(row["fake_logit"]))
        for number, row, verdict in _subjects(found)
    ]
    return grid(heads, body) if body else ""


def _reliability(found: Mapping[str, Any], texts: Texts) -> str:
    lines = [
        (_name(row["face"], found, texts), row["count"], row["share"], *row["interval"])
        for row in found["reliability"]
    ]
    return reliability_lines(lines, texts)


def _file(media: Mapping[str, Any], texts: Texts) -> str:
    since = media["kept_since"]
    return f"<p>{escape(texts.file_not_kept if since is None else texts.file_kept.format(time=_minute(since)))}</p>"


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _decision(found: Mapping[str, Any], texts: Texts) -> str:
    """What was decided, face by face; what waits; or that nobody can decide, since the file is not kept."""
    faces = [] if found["decision"] is None else found["decision"]["faces"]
    parts = [grid(texts.decided_columns, (_decided(face, found, texts) for face in faces))] if faces else []
    if found["waiting"]:
        names = ", ".join(_name(number, found, texts) for number in found["waiting"])
        parts.append(f"<p>{escape(texts.with_moderators.format(faces=names))}</p>")
    if not parts:
        parts.append(f"<p>{escape(texts.not_decided if found['media']['kept'] else texts.none_decides)}</p>")
    return "".join(parts)


def _decided(face: Mapping[str, Any], found: Mapping[str, Any], texts: Texts) -> tuple[str, str, str]:
    state = face["value"] if face["value"] in ("real", "fake") else "inconclusive"
    words = f"<span class='lens-pill lens-{state}'>{escape(texts.decided[face['value']])}</span>"
    copy = "" if face["exact"] else f" {escape(texts.decided_copy)}"
    return escape(_name(face["face"], found, texts)), words + copy, _minute(face["decided_at"])


def _name(number: int, found: Mapping[str, Any], texts: Texts) -> str:
    if number == 0:
        return texts.whole_file
    return (texts.person_number if found["kind"] == "video" else texts.face_number).format(number=number)


def _later(scores: Sequence[Mapping[str, Any]], texts: Texts) -> str:
    if not scores:
        return f"<p>{escape(texts.no_later_models)}</p>"
    heads = (texts.model_facts[0], texts.columns_image[1], texts.columns_image[2])
    body = (
        (
            escape(f"{score['model']['name']} {score['model']['version']}"),
            pill(score["verdict"], texts),
            number_text(score["fake_prob"]),
        )
        for score in scores
    )
    return grid(heads, body)


def _votes(found: Mapping[str, Any], texts: Texts) -> str:
    votes: Sequence[Mapping[str, Any]] = found["feedback"]
    if not votes:
        return f"<p>{escape(texts.no_votes)}</p>"
    last = {vote["face"]: place for place, vote in enumerate(votes)}  # of several on one face the last counts
    return "".join(
        _vote(vote, found, texts, counts=last[vote["face"]] == place) for place, vote in enumerate(votes)
    )


def _vote(vote: Mapping[str, Any], found: Mapping[str, Any], texts: Texts, *, counts: bool) -> str:
    about = [_name(vote["face"], found, texts), _minute(vote["created_at"])]
    about += [_tags(vote["tags"], texts)] if vote["tags"] else []
    about += [texts.place_marked] if vote["region"] else []
    about += [] if counts else [texts.vote_replaced]
    return (
        f"<div class='lens-vote'><p><b>{escape(texts.votes[vote['vote']])}</b> · {escape(' · '.join(about))}</p>"
        f"<p class='lens-note'>{exact(vote['note'])}</p></div>"
    )


def _tags(tags: Iterable[str], texts: Texts) -> str:
    return ", ".join(texts.tag_names.get(tag, tag) for tag in tags)


def _section(title: str, inner: str) -> str:
    return f"<section class='lens-part'><h3>{escape(title)}</h3>{inner}</section>"


def exact(text: str) -> str:
    """Text as markup that gives it back to the last character: browsers would turn carriage returns into line feeds."""
    return escape(text).replace("\r", "&#13;")
