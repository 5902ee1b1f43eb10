"""What every run of the tests has."""

from __future__ import annotations

import gc

gc.freeze()
gc.set_threshold(100_000, 20, 20)  # models make many small objects and leave few behind
