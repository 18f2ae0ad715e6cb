"""Page of moderators: labelling cases; for admins also accounts, flags, the model and label quality."""

from webapp.ui.pages.desk.layout import build

# Scripts of the page in the order in which they run, and its style sheets.
SCRIPTS = (
    *("desk_times.js", "desk_page.js", "desk_media.js", "desk_label.js", "desk.js"),
    *("case_list.js", "case_page.js", "model.js"),
)
STYLES = ("desk.css", "case_list.css")

__all__ = ["SCRIPTS", "STYLES", "build"]
