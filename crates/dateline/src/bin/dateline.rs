//! `dateline`: asks what happened, when, who was in it, and what was known on a given day.

fn main() -> std::process::ExitCode {
    dateline_cli::run()
}
