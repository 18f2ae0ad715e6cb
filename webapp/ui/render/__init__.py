"""Results as HTML: functions from results and the texts of a language to rendered templates."""
