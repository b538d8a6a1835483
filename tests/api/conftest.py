"""A real Jupyter server with our extension on an empty workspace."""

import pytest

pytest_plugins = ("pytest_jupyter.jupyter_server",)


@pytest.fixture
def jp_server_config():
    return {
        "ServerApp": {
            "jpserver_extensions": {"tinytorch_lab": True},
            "allow_unauthenticated_access": False,
        },
    }
