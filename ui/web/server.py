"""How the page is started: Streamlit's command line with Assay's settings, wherever it is called from."""

from __future__ import annotations

import sys
from pathlib import Path

APP = Path(__file__).with_name("app.py")
GUARDED = Path(__file__).with_name("guarded_app.py")
"""The same behind the gate at which people sign in; nothing else is served."""

NO_WORKER = "ASSAY_NO_WORKER"
"""Set where the page is not to execute runs."""

_SETTINGS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": "false",
    # A full collection after each click takes longer than all else that a click does; Python collects by itself.
    "runner.postScriptGC": "false",
    "logger.hideWelcomeMessage": "true",
    "client.showErrorDetails": "none",
    "theme.paddingTop": "1.5rem",
    "theme.baseRadius": "0.5rem",
    "theme.headingFontSizes": '["2rem", "1.5rem", "1.25rem", "1.1rem", "1rem", "0.9rem"]',
    "theme.headingFontWeights": "[600, 600, 600, 600, 600, 600]",
    "theme.codeFontSize": "0.85rem",
    "theme.showWidgetBorder": "true",
    "theme.light.primaryColor": "#1f6f6b",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f5f8f7",
    "theme.light.textColor": "#081214",
    "theme.light.borderColor": "#dbe3e1",
    "theme.light.codeTextColor": "#174e4b",
    "theme.light.greenColor": "#2b8a5e",
    "theme.light.orangeColor": "#c77718",
    "theme.light.redColor": "#c0473f",
    "theme.light.sidebar.backgroundColor": "#f5f8f7",
    "theme.dark.primaryColor": "#5fbdb1",
    "theme.dark.backgroundColor": "#12191b",
    "theme.dark.secondaryBackgroundColor": "#1b2528",
    "theme.dark.textColor": "#e3ebea",
    "theme.dark.borderColor": "#2d3a3d",
    "theme.dark.codeTextColor": "#9adcd4",
    "theme.dark.greenColor": "#5cc18f",
    "theme.dark.orangeColor": "#e0a04a",
    "theme.dark.redColor": "#e5756c",
    "theme.dark.sidebar.backgroundColor": "#172023",
}


def command(port: int, host: str) -> list[str]:
    """The command line of a server for the page on that port and address."""
    settings = {"server.port": str(port), "server.address": host, **_SETTINGS}
    flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "streamlit", "run", str(GUARDED), *flags]
