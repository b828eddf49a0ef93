"""Write what the clients and docs/layers.md know of the catalogue, from the catalogue itself.

python clients/generator [DIR]    writes below DIR, by default the repository
"""

from __future__ import annotations

import sys
from pathlib import Path

import for_go
import for_java
import for_python
import for_typescript
import page
from catalogue import read

ROOT = Path(__file__).resolve().parents[2]

WRITERS = {
    "clients/go/layers/layers.go": for_go.write,
    "clients/go/optimizers/optimizers.go": for_go.write_optimizers,
    "clients/java/src/main/java/org/edunn/client/Layers.java": for_java.write,
    "clients/java/src/main/java/org/edunn/client/Optimizers.java": for_java.write_optimizers,
    "clients/python/src/edunn_client/layers.py": for_python.write,
    "clients/python/src/edunn_client/optimizers.py": for_python.write_optimizers,
    "clients/typescript/src/layer-types.ts": for_typescript.write,
    "clients/typescript/src/optimizer-types.ts": for_typescript.write_optimizers,
    "docs/layers.md": page.write,
}


def main(into: Path) -> None:
    catalogue = read()
    for name, write in WRITERS.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write(catalogue), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
