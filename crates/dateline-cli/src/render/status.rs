//! How things are and why: status, failures, explanations, plans, checks.

use super::table::{cell, facts, figure, plain, table};
use super::{Renderer, all, each, place};
use crate::output::labelled;
use crate::screen::{Piece, Screen, behind, bytes, counted, hang, number, style, wrap};
use crate::when::{ago, moment};
use dateline_config::{Config, Origin};
use dateline_protocol::core::terminal;
use dateline_protocol::wire::{
    BackupReport, ConfigValue, Explanation, Failure, Finding, FindingLevel, PlanStep, Progress, Rescanned, Retried,
    Status, Step, Whereabouts,
};
use serde_json::{Value, json};

/// `dateline status`.
pub(crate) fn status() -> Renderer {
    each(|status: &Status, screen| {
        let mut out = format!("{}\n", status_line(status, screen));
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let rows = [
            ("folder", text(&status.root)),
            ("documents", documents(status)),
            ("pending", pending(status)),
            ("failed", failed(status)),
            ("searchable", searchable(status)),
            ("compared", compared(status, screen)),
            ("sizes", sizes(status)),
            ("state", text(&status.state_dir)),
            ("socket", text(&status.socket)),
            ("config", text(&status.config)),
            ("started", status.started.map(|time| ago(time, screen.now)).unwrap_or_default()),
            ("sandbox", text(&status.sandbox)),
            ("versions", versions(status)),
        ];
        out.push_str(&facts(&rows, screen));
        for note in &status.notes {
            out.push_str(&labelled("note:", style::WARNING, &note.message, screen));
            if let Some(hint) = &note.hint {
                out.push_str(&labelled("hint:", style::LABEL, hint, screen));
            }
        }
        out
    })
}

fn status_line(status: &Status, screen: &Screen) -> String {
    let state_style = match status.state.as_str() {
        "idle" => style::GOOD,
        "paused" | "waiting" | "stopping" => style::WARNING,
        _ => style::LABEL,
    };
    let state = screen.safe(state_style, &status.state);
    let program = if status.versions.program.is_empty() { "" } else { " " };
    let pid = status.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    let verified = if status.verified { "verified" } else { "not yet verified" };
    format!("datelined{program}{}: {state}{pid}, {verified}", terminal::escape_line(&status.versions.program))
}

fn documents(status: &Status) -> String {
    let files = if status.sources > 0 { format!(" in {}", counted(status.sources, "file")) } else { String::new() };
    let undated = if status.undated > 0 { format!(", {} undated", number(status.undated)) } else { String::new() };
    format!("{}{files}{undated}", number(status.documents))
}

fn pending(status: &Status) -> String {
    let progress = status.progress.as_ref().map(progress).unwrap_or_default();
    let held = match status.held_deletes {
        0 => String::new(),
        count => format!(", {} held until `datelined accept-root`", counted(count, "deletion")),
    };
    format!("{}{progress}{held}", number(status.pending))
}

fn progress(progress: &Progress) -> String {
    let of = progress.total.map(|total| format!(" of {}", number(total))).unwrap_or_default();
    let rate = progress.rate.map(|rate| format!(", {rate:.0} a second")).unwrap_or_default();
    let left = progress.seconds_left.map(|seconds| format!(", {} left", duration(seconds))).unwrap_or_default();
    format!(" ({} {}{of}{rate}{left})", progress.what, number(progress.done))
}

/// Seconds for people.
fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn failed(status: &Status) -> String {
    match status.failed {
        0 => "0".to_owned(),
        count => format!("{}, listed by `dateline failures`", number(count)),
    }
}

fn searchable(status: &Status) -> String {
    match status.sequence.saturating_sub(status.indexed_sequence) {
        0 => format!("up to the last change, {}", number(status.sequence)),
        behind => {
            format!("{} behind, at {} of {}", number(behind), number(status.indexed_sequence), number(status.sequence))
        }
    }
}

fn compared(status: &Status, screen: &Screen) -> String {
    let repaired = match status.lost_event_rescans {
        0 => String::new(),
        count => format!(", {} that events had missed", counted(count, "file")),
    };
    match status.last_reconcile {
        None => "folder and store not yet compared".to_owned(),
        Some(time) => format!("{} ({}){repaired}", ago(time, screen.now), moment(time)),
    }
}

fn sizes(status: &Status) -> String {
    let memory = match status.rss_bytes {
        0 => String::new(),
        count => format!(", memory {}", bytes(count)),
    };
    format!("store {}, index {}{memory}", bytes(status.store_bytes), bytes(status.index_bytes))
}

fn versions(status: &Status) -> String {
    let versions = &status.versions;
    if versions.processors.is_empty() {
        return String::new();
    }
    let processors = versions.processors.iter().map(|(name, version)| format!("{name} {version}"));
    let processors = processors.collect::<Vec<String>>().join(", ");
    format!("protocol {}, store {}, parser {}, {processors}", versions.protocol, versions.store, versions.parser)
}

/// `dateline failures`.
pub(crate) fn failures() -> Renderer {
    all(|failures: &[Failure], screen| failures.iter().map(|failure| one_failure(failure, screen)).collect())
}

fn one_failure(failure: &Failure, screen: &Screen) -> String {
    let place = place(&failure.path, failure.part.as_deref(), failure.line.unwrap_or(0));
    let stage = failure.processor.as_deref().unwrap_or(&failure.stage);
    let mut more = Vec::new();
    more.extend(failure.time.map(|time| ago(time, screen.now)));
    if failure.attempts > 1 {
        more.push(format!("tried {} times", failure.attempts));
    }
    more.extend(failure.retry.as_ref().map(|retry| format!("again {}", terminal::escape_line(retry))));
    let more = if more.is_empty() { String::new() } else { format!("  ({})", more.join(", ")) };
    let told = [
        Piece::styled(style::BAD, format!("{}:", terminal::escape_line(stage))),
        Piece::plain(format!(" {}", terminal::escape_line(&failure.reason))),
        Piece::styled(style::DIM, more),
    ];
    format!("{}\n{}", screen.safe(style::PATH, &place), hang(&told, screen.text_width(), ("  ", "    "), screen))
}

/// `dateline retry`.
pub(crate) fn retried() -> Renderer {
    all(|retried: &[Retried], screen| {
        let row = |retried: &Retried| {
            vec![
                cell(style::PATH, place(&retried.path, retried.part.as_deref(), 0)),
                plain(retried.processor.as_deref().unwrap_or("read again")),
            ]
        };
        table(&retried.iter().map(row).collect::<Vec<_>>(), screen)
    })
}

fn steps(steps: &[Step], screen: &Screen) -> String {
    steps.iter().map(|step| one_step(step, screen)).collect()
}

fn one_step(step: &Step, screen: &Screen) -> String {
    let indent = "  ".repeat(usize::from(step.depth) + 1);
    let below = format!("{indent}  ");
    let mut pieces = match step.accepted {
        Some(true) => vec![Piece::styled(style::GOOD, "✓ ")],
        Some(false) => vec![Piece::styled(style::DIM, "· ")],
        None => Vec::new(),
    };
    let label = format!("{}:", terminal::escape_line(&step.label));
    pieces.extend([Piece::styled(style::LABEL, label), Piece::plain(" ")]);
    let text = terminal::escape(&step.text);
    let mut lines = text.split('\n');
    pieces.extend(lines.next().map(Piece::plain));
    let mut out = hang(&pieces, screen.text_width(), (&indent, &below), screen);
    for line in lines {
        out.push_str(&wrap(&[Piece::plain(line)], screen.text_width(), &below, screen));
    }
    out
}

/// `dateline explain`.
pub(crate) fn explanation() -> Renderer {
    each(|found: &Explanation, screen| {
        let path = screen.safe(style::PATH, &place(&found.path, found.part.as_deref(), 0));
        format!("{path}  {}\n{}", screen.safe(style::TITLE, &found.about), steps(&found.steps, screen))
    })
}

/// `dateline why`.
pub(crate) fn why() -> Renderer {
    each(|found: &Whereabouts, screen| {
        let (answer, answer_style) = match found.searchable {
            true => ("searchable", style::GOOD),
            false => ("not searchable", style::WARNING),
        };
        let path = screen.safe(style::PATH, &found.path);
        let state = terminal::escape_line(&found.state);
        let state = if state == answer { String::new() } else { format!(", {state}") };
        let mut out = format!("{path}: {}{state}\n{}", screen.paint(answer_style, answer), steps(&found.steps, screen));
        if let Some(hint) = &found.hint {
            out.push_str(&labelled("hint:", style::LABEL, hint, screen));
        }
        out
    })
}

/// `dateline plan`.
pub(crate) fn plan() -> Renderer {
    all(|steps: &[PlanStep], screen| {
        let row = |step: &PlanStep| {
            let count = format!("{}{}", if step.at_most { "up to " } else { "" }, counted(step.documents, "document"));
            vec![
                cell(style::TITLE, &step.processor),
                figure(count),
                plain(
                    step.seconds
                        .map(|seconds| format!("about {}", duration(seconds.ceil() as u64)))
                        .unwrap_or_default(),
                )
                .whole(),
                cell(style::DIM, &step.reason),
            ]
        };
        table(&steps.iter().map(row).collect::<Vec<_>>(), screen)
    })
}

/// `dateline doctor`.
pub(crate) fn doctor() -> Renderer {
    all(|findings: &[Finding], screen| findings.iter().map(|finding| one_finding(finding, screen)).collect())
}

fn one_finding(finding: &Finding, screen: &Screen) -> String {
    const BELOW: &str = "        ";
    let (word, word_style) = match finding.level {
        FindingLevel::Good => ("good   ", style::GOOD),
        FindingLevel::Warning => ("warning", style::WARNING),
        FindingLevel::Problem => ("problem", style::BAD),
    };
    let check = Piece::styled(style::TITLE, terminal::escape_line(&finding.check));
    let message = Piece::plain(format!(": {}", terminal::escape_line(&finding.message)));
    let label = format!("{} ", screen.paint(word_style, word));
    let mut out = behind(&label, BELOW.len(), &[check, message], screen);
    if let Some(fix) = &finding.fix {
        let fix = [Piece::styled(style::LABEL, "fix: "), Piece::plain(terminal::escape_line(fix))];
        out.push_str(&hang(&fix, screen.text_width(), (BELOW, "          "), screen));
    }
    out
}

/// `dateline backup`.
pub(crate) fn backup() -> Renderer {
    each(|report: &BackupReport, screen| {
        format!(
            "{}  {}, {}, {}, up to change {}\n{}\n",
            screen.safe(style::PATH, &report.path),
            bytes(report.bytes),
            counted(report.documents, "document"),
            counted(report.revisions, "revision"),
            number(report.sequence),
            screen.safe(style::DIM, &format!("blake3 {}", report.content))
        )
    })
}

/// `dateline rescan`: that it was done, or goes on behind the scenes.
pub(crate) fn rescanned() -> Renderer {
    each(|rescanned: &Rescanned, screen| {
        let told = match rescanned.finished {
            true => "looked through the folder; all that was found is searchable",
            false => "looking through the folder; `dateline status` shows how far it is",
        };
        format!("{}\n", screen.paint(style::DIM, told))
    })
}

/// JSON values of whatever shape, for people.
pub(crate) fn values() -> Renderer {
    all(|values: &[Value], _| {
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
        values.iter().map(|value| format!("{}\n", terminal::escape(&pretty(value)))).collect()
    })
}

/// `dateline config`: every value with its origin.
pub(crate) fn config(config: &Config, screen: &Screen) -> String {
    let values = config.explain();
    if screen.json {
        let line = |value: &dateline_config::Explained| {
            let origin = value.origin.to_string();
            json!(ConfigValue { key: value.key.clone(), value: value.value.clone(), origin })
        };
        return values.iter().map(|value| format!("{}\n", line(value))).collect();
    }
    let row = |value: &dateline_config::Explained| {
        let origin_style = if value.origin == Origin::Default { style::DIM } else { style::GOOD };
        vec![cell(style::LABEL, &value.key), plain(&value.value), cell(origin_style, value.origin.to_string())]
    };
    let file = config.file.as_ref().map(|file| file.path.display().to_string());
    let head = file.map_or_else(|| "no configuration file".to_owned(), |path| terminal::escape_line(&path));
    let table = table(&values.iter().map(row).collect::<Vec<_>>(), &Screen { width: None, ..screen.clone() });
    format!("{}\n{table}", screen.paint(style::PATH, &head))
}

#[cfg(test)]
mod tests {
    use super::{backup, doctor, explanation, failures, plan, retried, status, why};
    use crate::render::tests::shown;
    use crate::screen::plain;
    use serde_json::json;

    #[test]
    fn the_status_reads_at_a_glance() {
        let item = json!({
            "state": "busy", "documents": 1234, "pending": 20, "failed": 2, "sequence": 5000, "indexed_sequence": 4990,
            "last_reconcile": "2022-04-06T11:57:00Z", "lost_event_rescans": 3, "rss_bytes": 65_000_000,
            "store_bytes": 12_345_678, "index_bytes": 4_500_000, "verified": false, "sources": 1200, "undated": 3,
            "root": "/news", "state_dir": "/state", "socket": "/state/dateline.sock", "pid": 42,
            "progress": {"what": "reading", "done": 980, "total": 1000, "rate": 250.4, "seconds_left": 1},
            "versions": {"program": "0.1.0", "protocol": 1, "store": 1, "parser": 2, "processors": {"dating": 3}},
            "notes": [{"code": "polling", "message": "the folder is polled", "hint": "use a local disk"}]
        });
        insta::assert_snapshot!(shown(&status(), &[item], &plain(Some(80))), @r"
        datelined 0.1.0: busy, pid 42, not yet verified
        folder      /news
        documents   1,234 in 1,200 files, 3 undated
        pending     20 (reading 980 of 1,000, 250 a second, 1 s left)
        failed      2, listed by `dateline failures`
        searchable  10 behind, at 4,990 of 5,000
        compared    3 minutes ago (2022-04-06 11:57:00Z), 3 files that events had missed
        sizes       store 12.3 MB, index 4.5 MB, memory 65.0 MB
        state       /state
        socket      /state/dateline.sock
        versions    protocol 1, store 1, parser 2, dating 3
        note: the folder is polled
        hint: use a local disk
        ");
    }

    #[test]
    fn the_least_status_is_enough() {
        let item = json!({
            "state": "idle", "documents": 0, "pending": 0, "failed": 0, "sequence": 0, "indexed_sequence": 0,
            "last_reconcile": null, "lost_event_rescans": 0, "rss_bytes": 0, "store_bytes": 0, "index_bytes": 0,
            "verified": true
        });
        insta::assert_snapshot!(shown(&status(), &[item], &plain(Some(80))), @r"
        datelined: idle, verified
        documents   0
        pending     0
        failed      0
        searchable  up to the last change, 0
        compared    folder and store not yet compared
        sizes       store 0 B, index 0 B
        ");
    }

    #[test]
    fn failures_give_reason_and_next_try() {
        let item = json!({"path": "a\nb.html", "part": "3", "document": null, "stage": "parse", "processor": null,
                          "reason": "no text in it", "time": "2022-04-06T11:00:00Z", "attempts": 2,
                          "retry": "when the file changes", "line": 12});
        insta::assert_snapshot!(shown(&failures(), &[item], &plain(Some(80))), @r"
        a b.html#3:12
          parse: no text in it (60 minutes ago, tried 2 times, again when the file
            changes)
        ");
        let again = json!({"path": "a", "part": null, "processor": "dating"});
        assert_eq!(shown(&retried(), &[again], &plain(None)), "a  dating\n");
    }

    #[test]
    fn explanations_are_nested() {
        let item = json!({"document": 1, "path": "a.txt", "part": null, "about": "dating", "steps": [
            {"depth": 0, "label": "dct", "text": "2022-04-05"},
            {"depth": 1, "label": "header", "text": "date 2022-04-05", "accepted": true},
            {"depth": 1, "label": "file-name", "text": "2021", "accepted": false}]});
        insta::assert_snapshot!(shown(&explanation(), &[item], &plain(None)), @r"
        a.txt  dating
          dct: 2022-04-05
            ✓ header: date 2022-04-05
            · file-name: 2021
        ");
    }

    #[test]
    fn why_says_first_whether_it_is_searchable() {
        let item = json!({"path": "a.swp", "state": "ignored", "searchable": false, "documents": [],
                          "steps": [{"depth": 0, "label": "rule", "text": "editors' temporary files"}], "hint": "rename it"});
        insta::assert_snapshot!(shown(&why(), &[item], &plain(None)), @r"
        a.swp: not searchable, ignored
          rule: editors' temporary files
        hint: rename it
        ");
    }

    #[test]
    fn plans_and_checks_are_tables_and_lists() {
        let step = |name: &str, at_most: bool| json!({"processor": name, "documents": 12418, "reason": "option changed", "seconds": 39.2, "at_most": at_most});
        insta::assert_snapshot!(shown(&plan(), &[step("dating", false), step("entities", true)], &plain(None)), @r"
        dating          12,418 documents  about 40 s  option changed
        entities  up to 12,418 documents  about 40 s  option changed
        ");
        let finding = json!({"check": "inotify-watches", "level": "warning", "message": "8192 watches, 9000 directories",
                             "fix": "sysctl fs.inotify.max_user_watches=65536"});
        insta::assert_snapshot!(shown(&doctor(), &[finding], &plain(None)), @r"
        warning inotify-watches: 8192 watches, 9000 directories
                fix: sysctl fs.inotify.max_user_watches=65536
        ");
        let report =
            json!({"path": "/b", "bytes": 12_000, "documents": 1, "revisions": 2, "sequence": 9, "content": "ab"});
        assert_eq!(
            shown(&backup(), &[report], &plain(None)),
            "/b  12.0 kB, 1 document, 2 revisions, up to change 9\nblake3 ab\n"
        );
    }
}
