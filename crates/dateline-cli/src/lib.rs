//! Arguments, rendering, exit codes.
