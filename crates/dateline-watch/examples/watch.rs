//! Prints what a folder's watcher tells, until interrupted: `cargo run -p dateline-watch --example watch -- DIR`. It
//! keeps no catalog, so it has every file that a scan sees settle.

use dateline_core::terminal::escape_line;
use dateline_watch::{WatchError, WatchEvent, WatchOptions, Watcher};

fn main() -> Result<(), WatchError> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let options = WatchOptions::new(folder);
    let limits = options.read_limits();
    let (sender, events) = crossbeam_channel::bounded(1_024);
    let watcher = Watcher::start(options, sender)?;
    for event in &events {
        match event {
            WatchEvent::Ready(path) => match watcher.root().read(&path, limits) {
                Ok(file) => println!("ready    {} ({} bytes)", escape_line(&path.display()), file.bytes.len()),
                Err(error) if error.is_changing() => watcher.settle(vec![path]),
                Err(error) => println!("failed   {}", escape_line(&error.to_string())),
            },
            WatchEvent::Gone(path) => println!("gone     {}", escape_line(&path.display())),
            WatchEvent::ScanStarted { why } => println!("scanning ({why})"),
            WatchEvent::ScanFinished(report) => {
                let (files, directories) = (report.entries.len(), report.directories);
                println!("scanned  {files} files in {directories} directories in {:?}", report.elapsed);
                for problem in &report.problems {
                    println!("problem  {}", escape_line(&problem.to_string()));
                }
                watcher.settle(report.entries.into_iter().map(|(path, _)| path).collect());
            }
            WatchEvent::RootMissing => println!("the folder is missing"),
            WatchEvent::RootBack => println!("the folder is there"),
            WatchEvent::Degraded { reason } => println!("degraded {reason}"),
            WatchEvent::Recovered => println!("recovered"),
        }
    }
    Ok(())
}
