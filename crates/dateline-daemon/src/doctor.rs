//! `doctor`: looks at the system around the daemon and prints a fix for each finding. Changes nothing.

use crate::live::Facts;
use crate::program::Program;
use crate::setup;
use dateline_pipeline::error_chain;
use dateline_protocol::wire::{Finding, FindingLevel};
use dateline_store::StateDir;
use std::os::unix::fs::PermissionsExt;

/// Below this limit of inotify watches a larger one is not suggested.
const WATCHES_WANTED_MIN: u64 = 524_288;

fn finding(check: &str, level: FindingLevel, message: impl Into<String>) -> Finding {
    Finding { check: check.to_owned(), level, message: message.into(), fix: None }
}

fn fix(finding: Finding, text: impl Into<String>) -> Finding {
    Finding { fix: Some(text.into()), ..finding }
}

/// All findings, good ones too.
pub(crate) fn examine(state: &StateDir, program: &Program, facts: &Facts, daemon: bool) -> Vec<Finding> {
    let mut findings = folder(program);
    findings.extend([space(state, program), lock(state, daemon), permissions(state)]);
    findings.extend(sandbox(facts, daemon));
    findings.push(versions(program));
    findings.extend(facts.notes.iter().map(|note| finding("daemon", FindingLevel::Warning, note.clone())));
    findings
}

/// A clock that is not believed.
pub(crate) fn clock(doubt: String, what_to_do: &str) -> Finding {
    fix(finding("clock", FindingLevel::Warning, doubt), what_to_do)
}

/// Whether the folder can be looked through, and its directories watched.
fn folder(program: &Program) -> Vec<Finding> {
    let report = match setup::scan(program) {
        Ok(report) => report,
        Err(error) => {
            let text = "make the folder, or name another with --root";
            return vec![fix(finding("folder", FindingLevel::Problem, error_chain(&error)), text)];
        }
    };
    let path = program.root.display();
    let folder = match report.problems.first() {
        None => finding("folder", FindingLevel::Good, format!("`{path}` can be read")),
        Some(first) => {
            let message = format!("not all of `{path}` can be read: {first}");
            let text = "let the daemon's user read it, or leave it out with `watch.ignore`";
            fix(finding("folder", FindingLevel::Warning, message), text)
        }
    };
    vec![folder, watches(report.directories)]
}

fn watches(directories: u64) -> Finding {
    let limit = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches");
    let Some(limit) = limit.ok().and_then(|text| text.trim().parse::<u64>().ok()) else {
        return finding("watches", FindingLevel::Warning, "the limit of inotify watches cannot be read");
    };
    let noun = if directories == 1 { "directory" } else { "directories" };
    let message = format!("{directories} {noun}, {limit} inotify watches allowed");
    if directories * 2 > limit {
        let text = format!("sysctl fs.inotify.max_user_watches={}", (directories * 4).max(WATCHES_WANTED_MIN));
        return fix(finding("watches", FindingLevel::Warning, message), text);
    }
    finding("watches", FindingLevel::Good, message)
}

fn space(state: &StateDir, program: &Program) -> Finding {
    let reserve = program.config.store.free_space_reserve.0;
    match rustix::fs::statvfs(state.path()) {
        Ok(statistics) => {
            let free = statistics.f_bavail.saturating_mul(statistics.f_frsize);
            let message = format!("{} MiB free, {} MiB kept in reserve", free >> 20, reserve >> 20);
            if free < reserve.saturating_mul(2) {
                let text = "free some space: intake pauses when free space falls under the reserve";
                return fix(finding("space", FindingLevel::Problem, message), text);
            }
            finding("space", FindingLevel::Good, message)
        }
        Err(error) => finding("space", FindingLevel::Warning, format!("free space cannot be read: {error}")),
    }
}

fn lock(state: &StateDir, daemon: bool) -> Finding {
    if daemon {
        return finding("lock", FindingLevel::Good, format!("held by this daemon, process {}", std::process::id()));
    }
    match state.holder() {
        Some(Some(pid)) if pid != std::process::id() => {
            finding("lock", FindingLevel::Warning, format!("held by process {pid}, which does not answer"))
        }
        _ => finding("lock", FindingLevel::Good, "no daemon is running"),
    }
}

fn permissions(state: &StateDir) -> Finding {
    let Ok(metadata) = std::fs::metadata(state.path()) else {
        let text = "start `datelined`, which makes it";
        return fix(finding("permissions", FindingLevel::Warning, "there is no state directory yet"), text);
    };
    let mode = metadata.permissions().mode() & 0o777;
    let message = format!("`{}` has mode {mode:04o}", state.path().display());
    if mode & 0o027 != 0 {
        let text = format!("chmod 0700 {}", state.path().display());
        return fix(finding("permissions", FindingLevel::Problem, message), text);
    }
    finding("permissions", FindingLevel::Good, message)
}

fn sandbox(facts: &Facts, daemon: bool) -> Option<Finding> {
    let report = facts.sandbox.as_ref().filter(|_| daemon)?;
    if report == "full" {
        return Some(finding("sandbox", FindingLevel::Good, "workers have given up files, sockets and programs"));
    }
    let message = format!("workers are not confined in full: {report}");
    let text = "a Linux kernel of 5.13 or newer with landlock and seccomp confines them";
    Some(fix(finding("sandbox", FindingLevel::Warning, message), text))
}

fn versions(program: &Program) -> Finding {
    let versions = program.versions();
    let processors: Vec<String> =
        versions.processors.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let text = format!("dateline {}, parser {}, {}", versions.program, versions.parser, processors.join(", "));
    finding("versions", FindingLevel::Good, text)
}
