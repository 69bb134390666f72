"""How many frames a replay may have from which an interval is read."""

from __future__ import annotations

FEWEST, MOST = 4, 10_000


def fault(frames: int) -> str | None:
    """What is wrong with this number of frames, if anything."""
    if frames < FEWEST:
        return f"a steady interval needs at least {FEWEST} frames, not {frames}"
    if frames > MOST:
        return f"{frames} frames are more than can be replayed in reasonable time; {MOST} are the most"
    return None
