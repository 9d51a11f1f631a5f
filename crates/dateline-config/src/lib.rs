//! Load, check and explain the core sections of the configuration.
