"""Settings, bootstrap, serve: `make run`, and a Space's app_file."""

import errno
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
from webapp.settings import InvalidSetting, Settings, from_environment, prepare_libraries

_SWITCH_SECONDS = 0.0005  # Python's 0.005 let a thread that had a network's answer wait that long for one that was only working in Python


def check_address(settings: Settings) -> None:
    """Raises InvalidSetting where nobody can be served at the address that was set."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise InvalidSetting(
                    f"{settings.host}:{settings.port} is in use; set LENS_PORT to another port"
                ) from error
            why = error.strerror or error
            raise InvalidSetting(
                f"nothing can be served at {settings.host}:{settings.port} (LENS_HOST, LENS_PORT): {why}"
            ) from error


def words_of(error: Exception) -> str:
    if isinstance(error, (LaanetError, Unable)):
        return f"{error.code}: {error.message}"
    if isinstance(error, UnusableDatabase):
        return f"unusable_database: {error}"
    if isinstance(error, OSError):
        return f"file_unavailable: {error.filename or 'a file'}: {error.strerror or error}"
    return str(error)


def main() -> int:
    try:
        settings = from_environment()
        sys.setswitchinterval(_SWITCH_SECONDS)
        logs.configure(settings)
        check_address(settings)
        prepare_libraries(settings)
        from webapp import bootstrap

        application = bootstrap.build(settings)
    except (InvalidSetting, LaanetError, Unable, UnusableDatabase, OSError) as error:
        print(f"error: {words_of(error)}", file=sys.stderr)
        return 1
    from webapp.ui.server import serve

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # On a Space Gradio looks here for what it serves, and says so on a line where it finds none
    globals()["demo"] = application.site.blocks
    application.timer.start()
    serve(application.site, settings)
    gc.freeze()  # what is loaded stays: no collection looks through all of it again while visitors wait
    ready = f"LAA-Net Lens on http://{settings.host}:{settings.port}"
    logging.getLogger("app").info(ready) if settings.log == "json" else print(ready, flush=True)
    stop.wait()
    for number in (signal.SIGTERM, signal.SIGINT):  # who asks again means at once
        signal.signal(number, signal.SIG_DFL)
    application.stopping.run()
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    logging.shutdown()
    for child in multiprocessing.active_children():  # such as those that GPUs are lent to
        child.kill()
        child.join(timeout=1)
    os._exit(status)  # threads of a broken-off analysis or download would be waited for
