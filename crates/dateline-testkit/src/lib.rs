//! Conformance kit for processors, golden runner, fixtures, fake clock.
