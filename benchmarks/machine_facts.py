"""What a reader must know of the machine to compare figures: family, vector units, cores."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

from videotoon.system.machine import processor_name, usable_cores

AMD_FULL_VECTORS: Final = 26
"""First AMD family (Zen 5) whose server cores compute 512 bits in one step."""


def machine_facts(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Return what to print above a table: plain words, no host names.

    Args:
        cpuinfo: Linux's description of the processors; less is said where it is missing.
    """
    facts = {"processor": processor_name()}
    if cpuinfo.is_file():
        facts |= _processor(cpuinfo.read_text(encoding="utf-8"))
    facts |= {
        "cores": str(usable_cores()),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "load at start": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
    }
    return facts


def _processor(text: str) -> dict[str, str]:
    pairs = [line.split(":", 1) for line in text.splitlines() if ":" in line]
    fields = {name.strip(): value.strip() for name, value in pairs}
    try:
        family, model = int(fields["cpu family"]), int(fields["model"])
    except (KeyError, ValueError):
        return {}
    vendor = fields.get("vendor_id", "")
    flags = frozenset(fields.get("flags", "").split())
    return {
        "family": f"{family} model {model}{_generation(vendor, family, model)}",
        "int8": _int8_units(vendor, family, flags),
        "bf16": "yes" if "avx512_bf16" in flags else "no",
        "amx": "yes" if "amx_int8" in flags else "no",
    }


def _generation(vendor: str, family: int, model: int) -> str:
    if vendor != "AuthenticAMD":
        return ""
    if family == 23:
        return " (Zen 2)" if model >= 0x30 else " (Zen)"
    if family == 25:
        zen4 = 0x10 <= model <= 0x1F or 0x60 <= model <= 0x7F or 0xA0 <= model <= 0xAF
        return " (Zen 4)" if zen4 else " (Zen 3)"
    return " (Zen 5)" if family == AMD_FULL_VECTORS else ""


def _int8_units(vendor: str, family: int, flags: frozenset[str]) -> str:
    """Say how wide the dot-product units are; the speed of int8 networks hangs on it."""
    if "avx512_vnni" not in flags:
        return "256-bit VNNI" if "avx_vnni" in flags else "no VNNI"
    if vendor == "AuthenticAMD" and family < AMD_FULL_VECTORS:
        return "512-bit VNNI at half rate (two steps of 256 bits)"
    return "512-bit VNNI"
