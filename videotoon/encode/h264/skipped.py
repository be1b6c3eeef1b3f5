"""Pictures that show another one again: every macroblock is skipped.

Section and table numbers are those of ITU-T H.264.
"""

from __future__ import annotations

from videotoon.encode.h264.arithmetic import QUANTISER, all_skipped
from videotoon.encode.h264.bits import BitWriter, escaped
from videotoon.encode.h264.slices import SLICE, StreamLayout


def skipped_picture(layout: StreamLayout, frame_number: int, shown: int, order_count: int) -> bytes:
    """Return a picture that looks exactly like an earlier one and is not referred to.

    It is a P slice without motion and without a residual, so its blocks are copies.

    Args:
        layout: What slices of the stream look like.
        frame_number: ``frame_num`` of pictures at this place of the stream.
        shown: ``frame_num`` of the picture to show; one that may be referred to.
        order_count: Its place in presentation order.

    Returns:
        One unit without a start code.
    """
    writer = BitWriter()
    writer.bits(SLICE, 8)  # nal_ref_idc 0
    writer.unsigned(0)  # first_mb_in_slice
    writer.unsigned(5)  # slice_type: P, like all slices of this picture
    writer.unsigned(layout.picture_parameters)
    writer.bits(frame_number, layout.frame_number_bits)
    writer.bits(order_count, layout.wide_count_bits)
    _refer_to(writer, (frame_number - shown) % (1 << layout.frame_number_bits))
    if layout.weighted:
        writer.unsigned(0)  # luma_log2_weight_denom
        writer.unsigned(0)  # chroma_log2_weight_denom
        writer.bits(0b00, 2)  # and no weights
    if layout.arithmetic:
        writer.unsigned(0)  # cabac_init_idc
    writer.signed(QUANTISER - layout.first_quantiser)
    if layout.chosen_deblocking:
        writer.unsigned(1)  # off; it would change nothing
    if layout.arithmetic:
        writer.fill(1)
        return escaped(writer.to_bytes() + all_skipped(layout.macroblocks))
    writer.unsigned(layout.macroblocks)  # mb_skip_run
    writer.stop()
    return escaped(writer.to_bytes())


def _refer_to(writer: BitWriter, back: int) -> None:
    """Make the picture that is ``back`` frame numbers back the only reference (section 7.3.3.1)."""
    writer.bits(1, 1)  # num_ref_idx_active_override_flag
    writer.unsigned(0)  # num_ref_idx_l0_active_minus1
    writer.bits(1, 1)  # ref_pic_list_modification_flag_l0
    writer.unsigned(0)  # subtract
    writer.unsigned(back - 1)  # abs_diff_pic_num_minus1
    writer.unsigned(3)  # end
