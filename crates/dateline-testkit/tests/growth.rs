//! That the look at growth tells quadratic work from linear. One test, as all processor time of its program counts.

use dateline_testkit::assert_linear;
use std::hint::black_box;
use std::panic::catch_unwind;

#[test]
fn quadratic_work_is_told_from_linear() {
    assert_linear("bytes", |bytes| {
        black_box((0..bytes as u64 * 200).fold(0, |sum: u64, one| sum ^ black_box(one)));
    });
    let pairs = || {
        assert_linear("pairs", |bytes| {
            let mut sum = 0_u64;
            for one in 0..bytes / 64 {
                for other in 0..one {
                    sum = sum.wrapping_add(black_box(other as u64));
                }
            }
            black_box(sum);
        });
    };
    assert!(catch_unwind(pairs).is_err());
}
