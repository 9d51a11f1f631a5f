//! Order annotators, decide what is stale, run.
