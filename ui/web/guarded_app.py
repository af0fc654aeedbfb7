"""The page behind its gate: what `streamlit run` serves."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from ui.web.gate import ROUTES, Gate

app = st.App(Path(__file__).with_name("app.py"), routes=ROUTES, middleware=[Middleware(Gate)])
