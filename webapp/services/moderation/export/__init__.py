"""What moderators decided, as files that others can read, with where each decision comes from. No person is named."""

from webapp.services.moderation.export.service import FORMATS, LabelExport, Written

__all__ = ["FORMATS", "LabelExport", "Written"]
