"""Settings of an installation, read from the environment: a module for each subject.

`python -m webapp.settings` prints the table of docs/hosting.md.
"""

from webapp.settings.base import ROOT, InvalidSetting
from webapp.settings.environment import from_environment, isolated_environment, prepare_libraries
from webapp.settings.installation import Settings
from webapp.settings.space import SpaceOAuth

__all__ = [
    "ROOT",
    "InvalidSetting",
    "Settings",
    "SpaceOAuth",
    "from_environment",
    "isolated_environment",
    "prepare_libraries",
]
