//! Event loop, socket server, answers, public builder.
