"""Export of moderators' decisions with their provenance. No export holds a person's name."""

from webapp.services.moderation.export.service import FORMATS, ExportSummary, LabelExport

__all__ = ["FORMATS", "ExportSummary", "LabelExport"]
