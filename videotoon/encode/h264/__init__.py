"""Writing repeats into x264's streams as pictures of skipped blocks.

In the order in which one needs them: ``bits`` (fields, codes, units), ``slices`` and ``parameters``
(what x264 writes, and how to count its pictures anew), ``arithmetic`` (CABAC of skipped blocks),
``skipped`` (one repeat), ``repeats`` (where repeats go, and when all is decoded).

    shown     I  B  B  P  r  r  P       P is *held*: shown three times
    decoded   I  P  B  B  r  r  P       repeats follow what is shown before them
    place     0  3  1  2  4  5  6       in presentation order
    count     0  6  2  4  8 10 12       ``pic_order_cnt``, from the last *key* picture (IDR) on

The counts need more bits than x264 leaves for them: parameter sets are made *wide*.
"""
