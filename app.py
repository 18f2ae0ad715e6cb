"""Settings, bootstrap, serve: `make run`, and a Space's app_file."""

import logging
import socket
import sys

from laanet_core.errors import LaanetError
from webapp.domain import Unable, UnusableDatabase
from webapp.settings import InvalidSetting, Settings, from_environment, quiet_gradio


def port_is_free(settings: Settings) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # what an upgrade did is said by webapp.db.upgrade
    try:
        settings = from_environment()
    except InvalidSetting as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if not port_is_free(settings):
        print(f"error: {settings.host}:{settings.port} is in use; set LENS_PORT to another port", file=sys.stderr)
        return 1
    quiet_gradio(settings)
    from webapp import bootstrap
    from webapp.ui.app import serve

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
    print(f"LAA-Net Lens on http://{settings.host}:{settings.port}", flush=True)
    with application.timer:
        serve(application.blocks, application.rest, application.desk, settings, application.health)
    return 0


if __name__ == "__main__":
    sys.exit(main())
