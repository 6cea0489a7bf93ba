"""The crash tests share helpers with the driver's tests."""

import sys
from pathlib import Path

HELPERS = Path(__file__).resolve().parents[1] / "sandbox" / "engine"
sys.path.insert(0, str(HELPERS))
