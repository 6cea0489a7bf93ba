"""`python carrier.py FOLDER HOME OPERATION CODE`: a process that carries one body, to be killed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))
sys.path.insert(0, str(Path(__file__).parent))

from federations import Federation
from office import open_office

if __name__ == "__main__":
    folder, home, operation, code = sys.argv[1:]
    with open_office(Federation(Path(folder), Path(home))) as office:
        office.carry(operation, code)
