//! When was it written, and when did it happen: DCT and TIMEX3.
