"""Writes the template to standard output."""

from __future__ import annotations

import json
import sys

from deploy.aws.template import template

sys.stdout.write(json.dumps(template(), separators=(",", ":")) + "\n")
