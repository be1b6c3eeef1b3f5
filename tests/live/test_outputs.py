"""Where live pictures go besides the window."""

from __future__ import annotations

import sys
import types
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.live.pictures import shown
from videotoon.errors import OutputError
from videotoon.frame import FrameSize
from videotoon.live.outputs import VirtualCamera, check_record, virtual_camera_cure


class FakeCamera:
    """Stands for pyvirtualcam's."""

    sent: ClassVar[list[Any]] = []
    device = "/dev/video9"

    def __init__(self, **options: Any) -> None:
        if options["width"] == 2:
            raise RuntimeError("no device")
        self.options = options

    def send(self, picture: Any) -> None:
        self.sent.append(picture)

    def close(self) -> None:
        self.sent.append("closed")


class TestOutputs:
    @pytest.fixture
    def pyvirtualcam(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = types.ModuleType("pyvirtualcam")
        module.Camera = FakeCamera  # type: ignore[attr-defined]
        module.PixelFormat = types.SimpleNamespace(I420="I420")  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pyvirtualcam", module)

    @pytest.mark.usefixtures("pyvirtualcam")
    def test_a_virtual_camera_gets_the_planes(self) -> None:
        FakeCamera.sent.clear()
        camera = VirtualCamera(FrameSize(64, 48), Fraction(30))
        camera.offer(shown(code=77))
        camera.close()
        assert FakeCamera.sent[0].shape == (72, 64)
        assert FakeCamera.sent[0][0, 0] == 77
        assert FakeCamera.sent[-1] == "closed"
        assert camera.problem == ""

    @pytest.mark.usefixtures("pyvirtualcam")
    def test_without_a_device_the_cure_is_a_command(self) -> None:
        with pytest.raises(OutputError, match="there is no virtual camera device"):
            VirtualCamera(FrameSize(2, 2), Fraction(30))
        assert "sudo modprobe v4l2loopback" in virtual_camera_cure("linux")
        assert "OBS" in virtual_camera_cure("darwin")

    def test_without_pyvirtualcam_it_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
        with pytest.raises(OutputError, match=r"videotoon\[live\]"):
            VirtualCamera(FrameSize(64, 48), Fraction(30))

    def test_a_recording_never_replaces_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "r.mp4"
        check_record(file, overwrite=False)
        assert not file.exists()
        file.write_bytes(b"precious")
        with pytest.raises(OutputError, match="exists"):
            check_record(file, overwrite=False)
        check_record(file, overwrite=True)
        with pytest.raises(OutputError, match="does not exist"):
            check_record(tmp_path / "no" / "r.mp4", overwrite=False)
