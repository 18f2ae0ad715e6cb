"""What moderators decided, as files that others can read, with where each decision comes from. No person is named."""

from webapp.services.moderation.export.service import FORMATS, ExportSummary, LabelExport

__all__ = ["FORMATS", "ExportSummary", "LabelExport"]
