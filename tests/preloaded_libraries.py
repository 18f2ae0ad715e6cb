"""Imports of the application, for the process that `tests.application_processes` forks.

Importing must start no thread, since none survives a fork.
"""

import threading
from importlib import import_module
from pathlib import Path

from webapp.settings import Settings, prepare_libraries

# What the application imports while it starts, and for its first visitor.
MODULES = (
    "webapp.bootstrap.application",
    "webapp.services.model_registry.serving",
    "webapp.services.operations.shutdown",
    "webapp.ui.server",
    "laanet_core.inference.detector",
)

# Gradio and matplotlib read variables when they are imported. Each application sets its own folders later.
prepare_libraries(Settings(data=Path("/nonexistent")))
for module in MODULES:
    import_module(module)
assert threading.active_count() == 1, threading.enumerate()
