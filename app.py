"""Settings, bootstrap, serve: `make run`, and a Space's app_file."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading

from laanet_core.errors import LaanetError
from webapp import logs
from webapp.domain import Unable, UnusableDatabase
from webapp.settings import InvalidSetting, Settings, from_environment, prepare_libraries


def port_is_free(settings: Settings) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def main() -> int:
    try:
        settings = from_environment()
    except InvalidSetting as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    logs.configure(settings)
    if not port_is_free(settings):
        print(f"error: {settings.host}:{settings.port} is in use; set LENS_PORT to another port", file=sys.stderr)
        return 1
    prepare_libraries(settings)
    from webapp import bootstrap

    try:
        application = bootstrap.build(settings)
    except InvalidSetting as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (LaanetError, Unable) as error:
        print(f"error: {error.code}: {error.message}", file=sys.stderr)
        return 1
    except UnusableDatabase as error:
        print(f"error: unusable_database: {error}", file=sys.stderr)
        return 1
    from webapp.ui.app import serve

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    application.timer.start()
    serve(application.site, settings)
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
