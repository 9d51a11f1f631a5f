//! Files that mean harm, or look as if they did, under a running daemon: it lives on, within its memory, and every file
//! has its documents or a failure with a reason. Beside the files made here, those of `../shared/eval/hostile` are
//! taken where they lie beside the project: one in some by default, all with `DATELINE_TEST_SCALE` from 10 on.

mod harness;

use harness::{Lab, STEP_MAX, scale};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, openat};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Most memory that the daemon itself may ever have held, in bytes; its workers have limits of their own.
const DAEMON_BYTES_MAX: u64 = 512 << 20;
/// Most processor time that any single file may take.
const FILE_CPU_MAX: Duration = Duration::from_secs(2);
/// Of the files beside the project, one in so many is taken in a small run.
const ONE_IN: usize = 40;
/// Size of a file that is nothing but a hole, in bytes.
const SPARSE_BYTES: u64 = 3 << 30;
/// Size of what bombs unpack to, in bytes.
const BOMB_BYTES: u64 = 1 << 30;
/// Files made here that are articles among the harmful ones, by path.
const ARTICLES: [&str; 3] = ["article.txt", "links/article.txt", "z/last.txt"];

const ARTICLE: &str = " date 2021-05-04 The lighthouse of Skyros was lit again on Monday.\n";

fn write_bytes(root: &Path, name: &[u8], bytes: impl AsRef<[u8]>) {
    let path = root.join(OsStr::from_bytes(name));
    fs::create_dir_all(path.parent().expect("has one")).expect("is made");
    fs::write(path, bytes).expect("is written");
}

/// What is no regular file, or only looks like one of ours.
fn make_things(root: &Path, outside: &Path) -> UnixListener {
    for article in ARTICLES {
        write_bytes(root, article.as_bytes(), ARTICLE);
    }
    mknodat(CWD, root.join("fifo.txt"), FileType::Fifo, Mode::RWXU, 0).expect("a FIFO is made");
    let _ = mknodat(CWD, root.join("zero.txt"), FileType::CharacterDevice, Mode::RWXU, rustix::fs::makedev(1, 5));
    let socket = UnixListener::bind(root.join("socket.txt")).expect("a socket is made");
    fs::write(outside.join("secret.txt"), "The secret harbour of the smugglers.\n").expect("is written");
    symlink(outside.join("secret.txt"), root.join("links/secret.txt")).expect("is linked");
    symlink(outside, root.join("links/outside")).expect("is linked");
    symlink("..", root.join("links/loop")).expect("is linked");
    symlink("self.txt", root.join("links/self.txt")).expect("is linked");
    symlink("/dev/zero", root.join("links/zero.txt")).expect("is linked");
    let sparse = fs::File::create(root.join("sparse.txt")).expect("is made");
    sparse.set_len(SPARSE_BYTES).expect("has a hole");
    write_bytes(root, b"unreadable.txt", ARTICLE);
    fs::set_permissions(root.join("unreadable.txt"), fs::Permissions::from_mode(0o000)).expect("mode is set");
    write_bytes(root, b"empty.txt", b"");
    let names: [&[u8]; 6] = [
        b"new\nline.txt",
        b"escape\x1b[31m.txt",
        b"invalid\xff\xfe.txt",
        b"-rf.txt",
        b" ' \" $(reboot) `reboot`.txt",
        &[b'n'; 251],
    ];
    for name in names {
        write_bytes(root, name, ARTICLE);
    }
    make_endless_path(root);
    socket
}

/// An article under a path that is longer than any system call takes.
fn make_endless_path(root: &Path) {
    let mut directory = fs::File::open(root).map(OwnedFd::from).expect("is opened");
    for _ in 0..20 {
        let name = "n".repeat(255);
        rustix::fs::mkdirat(&directory, &name, Mode::RWXU).expect("is made");
        directory = openat(&directory, &name, OFlags::RDONLY, Mode::empty()).expect("is opened");
    }
    let file = openat(&directory, "article.txt", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).expect("is made");
    fs::File::from(file).write_all(ARTICLE.as_bytes()).expect("is written");
}

/// What is deep, endless or lies about itself.
fn make_contents(root: &Path) {
    let many = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let deep = 300_000;
    write_bytes(root, b"deep/a.html", many("<div>", deep));
    write_bytes(root, b"deep/b.html", format!("<html><body>{}", many("<table><tr><td>x", deep)));
    write_bytes(root, b"deep/c.json", many("[", deep));
    write_bytes(root, b"deep/d.json", many("{\"a\":", deep));
    write_bytes(root, b"deep/e.xml", format!("<rss><channel><item>{}", many("<description>", deep)));
    write_bytes(root, b"deep/f.md", many("> - ", deep / 20));
    let mut mail = String::from("From: a@b.c\r\nDate: Mon, 1 Aug 2022 10:00:00 +0000\r\nSubject: x\r\n");
    for level in 0..5_000 {
        mail.push_str(&format!("Content-Type: multipart/mixed; boundary=\"b{level}\"\r\n\r\n--b{level}\r\n"));
    }
    write_bytes(root, b"deep/g.eml", mail);
    let laughs: String = (1..12).fold("<!ENTITY l0 \"ha\">".to_owned(), |all, level| {
        let before = format!("&l{};", level - 1).repeat(10);
        format!("{all}<!ENTITY l{level} \"{before}\">")
    });
    let item = "<rss><channel><item><title>&l11;</title><description>&l11;</description></item></channel></rss>";
    write_bytes(root, b"bombs/laughs.xml", format!("<?xml version=\"1.0\"?><!DOCTYPE x [{laughs}]>{item}"));
    write_bytes(root, b"huge/line.txt", vec![b'x'; 8 << 20]);
    write_bytes(root, b"huge/words.html", format!("<html><body><p>{}", many("a <b>b</b> ", 4 << 20)));
    write_bytes(root, b"huge/lines.jsonl", many("{\"text\":\"x\"\n", 1 << 20));
    write_bytes(root, b"huge/number.json", format!("{{\"text\": \"x\", \"n\": {}}}", "9".repeat(1 << 20)));
    let utf16: Vec<u8> = ARTICLE.encode_utf16().flat_map(u16::to_be_bytes).chain([0xd8, 0x00]).collect();
    write_bytes(root, b"encodings/cut-utf16.txt", [&b"\xfe\xff"[..], &utf16].concat());
    write_bytes(root, b"encodings/not-utf8.txt", [ARTICLE.as_bytes(), b"\xff\xc0\x80\xf5\x80\xed\xa0\x80"].concat());
    write_bytes(root, b"encodings/nul.txt", [b"a\0".repeat(5_000), ARTICLE.as_bytes().to_vec()].concat());
    write_bytes(root, b"encodings/lie.html", [&b"<meta charset=utf-16><p>"[..], ARTICLE.as_bytes()].concat());
    write_bytes(root, b"encodings/noise.eml", (0..100_000_u32).map(|at| ((at * 7_919) >> 3) as u8).collect::<Vec<_>>());
}

/// Archives that grow a thousandfold when unpacked, under all names that could tempt somebody to do so.
fn make_bombs(root: &Path) {
    let gzip = format!("head -c {BOMB_BYTES} /dev/zero | gzip -1");
    let output = Command::new("sh").args(["-c", &gzip]).output().expect("a shell runs");
    if !output.status.success() {
        println!("no bombs without gzip");
        return;
    }
    for name in ["bomb.gz", "bomb.txt", "bomb.zip", "bomb.html", "bomb.json.gz"] {
        write_bytes(root, format!("bombs/{name}").as_bytes(), &output.stdout);
    }
    // A local header of a zip file that claims four gigabytes.
    let header = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\x05\0\0\0a.txt\x4b\x04\0";
    write_bytes(root, b"bombs/claims.zip", header);
}

/// The files beside the project, or some of them; `None` where there are none.
fn unpack_real_ones(root: &Path) -> Option<usize> {
    let archive = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/eval/hostile/files.tar.xz");
    if !archive.exists() {
        println!("no files beside the project");
        return None;
    }
    let to = root.join("real");
    fs::create_dir_all(&to).expect("is made");
    let status = Command::new("tar").arg("xJf").arg(&archive).arg("-C").arg(&to).status().expect("tar runs");
    assert!(status.success(), "the archive can be unpacked");
    let mut files = Vec::new();
    let mut waiting = vec![to];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).expect("is read").flatten() {
            if entry.file_type().expect("has a type").is_dir() {
                waiting.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    if scale() < 10 {
        for (_, file) in files.iter().enumerate().filter(|(at, _)| at % ONE_IN != 0) {
            fs::remove_file(file).expect("is removed");
        }
        files = files.into_iter().step_by(ONE_IN).collect();
    }
    Some(files.len())
}

/// Grows and shrinks a file until told to leave it as an article.
fn keep_changing(path: &Path, over: &AtomicBool) {
    let mut length = 0;
    while !over.load(Ordering::Acquire) {
        length = (length + 7_919) % 400_000;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).expect("is opened");
        drop(file.write_all(ARTICLE.as_bytes()));
        drop(file.set_len(length));
        std::thread::sleep(Duration::from_millis(1));
    }
    fs::write(path, ARTICLE).expect("is written");
}

fn peak_bytes(process: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says it");
    line.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).expect("is a number") << 10
}

/// Asserts that no file took longer than it may, by the processor time that the workers say; none was given up for it.
fn assert_quick(log: &str) {
    let mut times: Vec<(u64, String)> = Vec::new();
    for line in log.lines().filter(|line| line.contains("a file was read") || line.contains("a file took long")) {
        let said: serde_json::Value = serde_json::from_str(line).expect("the log is JSON");
        times.push((said["cpu_ms"].as_u64().expect("is a number"), said["path"].to_string()));
    }
    times.sort_unstable();
    let slowest: Vec<_> = times.iter().rev().take(3).collect();
    println!("files read: {}; the slowest, in ms of processor time: {slowest:?}", times.len());
    let (slowest, path) = times.last().expect("some were read");
    assert!(u128::from(*slowest) < FILE_CPU_MAX.as_millis(), "{path} took {slowest} ms");
    assert!(!log.contains("\"kind\":\"TimedOut\""), "a file was given up for the time it took");
}

fn wait_for_everything(lab: &Lab) {
    let patience = STEP_MAX * u32::try_from(5 * scale().min(10)).expect("is small");
    let began = Instant::now();
    loop {
        let ran = lab.dateline(&["rescan", "--wait"]);
        if ran.code() == 0 {
            return;
        }
        assert!(began.elapsed() < patience, "never done: {}\n{}", ran.stderr, lab.log());
    }
}

#[test]
fn hostile_files_are_read_or_listed_and_harm_nobody() {
    let lab = Lab::new();
    let outside = lab.directory().join("outside");
    fs::create_dir(&outside).expect("is made");
    let _socket = make_things(&lab.root(), &outside);
    make_contents(&lab.root());
    make_bombs(&lab.root());
    let real = unpack_real_ones(&lab.root());
    let over = AtomicBool::new(false);
    let changing = lab.root().join("changing.txt");
    let daemon = lab.start_with(&[], &[("DATELINE_DAEMON_LOG", "debug")]);
    let process = daemon.pid().as_raw_nonzero().get();
    std::thread::scope(|scope| {
        scope.spawn(|| keep_changing(&changing, &over));
        lab.write("in-between.txt", "A swallow nests in the harbour office.\n");
        let began = Instant::now();
        while lab.search("swallow").is_empty() {
            assert!(began.elapsed() < STEP_MAX * 5, "hostile files hold up the others: {}", lab.log());
        }
        over.store(true, Ordering::Release);
    });
    wait_for_everything(&lab);
    let peak = peak_bytes(process);
    let status = lab.status();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for failure in lab.ask(&["failures"]) {
        let reason = failure["reason"].as_str().unwrap_or_default();
        assert!(!reason.is_empty(), "a failure without a reason: {failure}");
        let short: String = reason.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        *reasons.entry(short.chars().take(80).collect()).or_default() += 1;
    }
    println!("files beside the project: {real:?}; peak of the daemon {} MB; {}", peak >> 20, status["documents"]);
    println!("failures by reason: {reasons:#?}");
    let notes = status["notes"].to_string();
    assert!(notes.contains("cannot be looked at: ") && notes.contains("more than 4096 bytes"), "{notes}");
    assert!(peak < DAEMON_BYTES_MAX, "{} MB", peak >> 20);
    assert_quick(&lab.log());
    let hits = lab.ask(&["search", "lighthouse", "--limit", "1000"]);
    let lighthouse: Vec<&str> = hits.iter().filter_map(|hit| hit["path"].as_str()).collect();
    for article in ARTICLES.iter().chain(&["changing.txt"]) {
        assert!(lighthouse.contains(article), "{article}: {lighthouse:?}");
    }
    assert!(lab.search("smugglers").is_empty(), "links out of the folder are not followed");
    assert!(daemon.stop().success(), "{}", lab.log());
    lab.assert_verified("every file has documents or a failure");
}
