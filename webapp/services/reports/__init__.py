"""The parts of a report: its words, its record, its lettering, its pictures, its chart and its pages."""
