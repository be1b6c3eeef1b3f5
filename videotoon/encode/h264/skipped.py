"""Pictures that show another one again: every macroblock is skipped.

Section and table numbers are those of ITU-T H.264.
"""

from __future__ import annotations

from videotoon.encode.h264.arithmetic import QUANTISER, all_skipped
from videotoon.encode.h264.bits import BitWriter, escaped
from videotoon.encode.h264.slices import SLICE, StreamLayout


def skipped_picture(layout: StreamLayout, frame_number: int, order_count: int) -> bytes:
    """Return a picture that looks exactly like the last that may be referred to.

    It is a P slice without motion and without a residual, so its blocks are copies of the first
    reference, which without further words is that picture (section 8.2.4.2.1). None refers to it.

    Args:
        layout: What slices of the stream look like.
        frame_number: ``frame_num``: one more than that of the picture to show.
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
    writer.bits(1, 1)  # num_ref_idx_active_override_flag
    writer.unsigned(0)  # num_ref_idx_l0_active_minus1
    writer.bits(0, 1)  # ref_pic_list_modification_flag_l0
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
