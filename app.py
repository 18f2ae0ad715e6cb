"""Entry point of the web application.

It reads the settings, builds the application and serves it until a signal arrives. `make run` and Hugging
Face Spaces start this file.
"""

import errno
import faulthandler
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading

from laanet_core.errors import LaanetError
from webapp import logs
from webapp.domain.errors import Unable, UnusableDatabase
from webapp.services.operations.allocator import limit_kept_memory
from webapp.settings import InvalidSetting, Settings, from_environment, prepare_libraries

# Longest time that a thread keeps Python's interpreter lock while others wait. With the default of 5 ms, a
# thread that has finished a forward pass waits too long for a busy thread.
_SWITCH_SECONDS = 0.0005
# Seconds after which a signal that another thread received is noticed.
_WAKE_SECONDS = 0.5


def check_address(settings: Settings) -> None:
    """Raise InvalidSetting if the server cannot listen at its host and port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise InvalidSetting(
                    f"{settings.host}:{settings.port} is in use; set LENS_PORT to another port"
                ) from error
            reason = error.strerror or error
            raise InvalidSetting(
                f"cannot listen at {settings.host}:{settings.port} (LENS_HOST, LENS_PORT): {reason}"
            ) from error


def error_text(error: Exception) -> str:
    """Return an error's code and message as one line."""
    if isinstance(error, (LaanetError, Unable)):
        return f"{error.code}: {error.message}"
    if isinstance(error, UnusableDatabase):
        return f"unusable_database: {error}"
    if isinstance(error, OSError):
        return f"file_unavailable: {error.filename or 'a file'}: {error.strerror or error}"
    return str(error)


def main() -> int:
    """Serve the application until SIGTERM or SIGINT and return the exit status."""
    try:
        settings = from_environment()
        sys.setswitchinterval(_SWITCH_SECONDS)
        logs.configure(settings)
        check_address(settings)
        limit_kept_memory()
        prepare_libraries(settings)
        from webapp import bootstrap

        application = bootstrap.build(settings)
    except (InvalidSetting, LaanetError, Unable, UnusableDatabase, OSError) as error:
        print(f"error: {error_text(error)}", file=sys.stderr)
        return 1
    from webapp.services.operations.shutdown import TIME_LIMIT as SHUTDOWN_SECONDS
    from webapp.ui.server import serve

    stop = threading.Event()
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, lambda *_: stop.set())
    # On a Space, Gradio looks for this name and logs a warning if it is missing.
    globals()["demo"] = application.site.blocks
    application.timer.start()
    serve(application.site, settings)
    # The loaded objects stay; without this, garbage collections during requests would visit all of them.
    gc.freeze()
    ready = f"LAA-Net Lens on http://{settings.host}:{settings.port}"
    if settings.log == "json":
        logging.getLogger("app").info(ready)
    else:
        print(ready, flush=True)
    # The kernel may deliver a signal to another thread, for example after the process was stopped and
    # continued. Python runs the handler once this thread wakes up.
    while not stop.wait(_WAKE_SECONDS):
        pass
    # A second signal ends the process at once.
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, signal.SIG_DFL)
    # If a step of the shutdown blocks every thread, this ends the process and prints where each one waits.
    faulthandler.dump_traceback_later(SHUTDOWN_SECONDS + 1, exit=True)
    application.stopping.run()
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    logging.shutdown()
    # Child processes that are still alive, such as ZeroGPU's workers, would outlive this process.
    for child in multiprocessing.active_children():
        child.kill()
        child.join(timeout=1)
    # A normal exit would wait for the threads of aborted analyses and downloads.
    os._exit(status)
