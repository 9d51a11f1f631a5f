//! Spawn, sandbox, feed and replace worker processes; exec children.
