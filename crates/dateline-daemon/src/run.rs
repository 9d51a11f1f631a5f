//! What each command of `datelined` does, each in a screen.

use crate::answer::Answerer;
use crate::args::{Arguments, Command, ConfigAction, LogFormat, Places};
use crate::engine::{Mode, Next};
use crate::errors::{Fatal, shell_word};
use crate::live::Live;
use crate::program::Program;
use crate::repair::Repairs;
use crate::server;
use crate::setup::{self, Opened};
use crate::signals::Signals;
use crate::vital::Vital;
use clap::Parser;
use dateline_config::{Environment, Overrides};
use dateline_pipeline::Registry;
use dateline_protocol::{
    Answering, Greeting, Hello, REQUEST_FRAME_BYTES_MAX, RESPONSE_FRAME_BYTES_MAX, Response, decode_call, read_frame,
    write_frame,
};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::watch;

/// Threads for answers beside one for each connection: those whose client is gone end a moment later.
const SPARE_ANSWER_THREADS: usize = 16;

/// Runs the command of this process.
pub(crate) fn run(registry: Registry) -> ExitCode {
    let arguments = Arguments::parse();
    let registry = Arc::new(registry);
    let command = arguments.command.unwrap_or(Command::Run);
    let prints = matches!(command, Command::Annotate { .. } | Command::Try { .. } | Command::Config { .. });
    let done = match command {
        // A worker speaks over its pipes and gives up its rights: no logs, no configuration, no threads.
        Command::Worker => dateline_worker::serve_stdio(&registry).map_err(Fatal::from),
        Command::SandboxExec { memory, command } => return crate::attempt::become_program(&command, memory),
        command => {
            start_logging(&arguments.places, &command);
            perform(command, &registry, &overrides(&arguments.places))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough.
        Err(fatal) if prints && fatal.is_broken_pipe() => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

/// Logs as the configuration says; one that is wrong is reported by whoever loads it next.
fn start_logging(places: &Places, command: &Command) {
    let section = dateline_config::load(&overrides(places), &Environment::current()).map(|config| config.daemon);
    let section = section.unwrap_or_default();
    let format = match (places.log, section.log_format) {
        (None, dateline_config::LogFormat::Auto) => LogFormat::Auto,
        (None, dateline_config::LogFormat::Human) => LogFormat::Human,
        (None, dateline_config::LogFormat::Json) => LogFormat::Json,
        (Some(format), _) => format,
    };
    // Answers and filters share their terminal with a person's command.
    let quiet =
        matches!(command, Command::Answer | Command::Annotate { .. } | Command::Try { .. } | Command::Config { .. });
    crate::logging::start(format, if quiet { "error" } else { &section.log });
}

fn overrides(places: &Places) -> Overrides {
    Overrides { config: places.config.clone(), root: places.root.clone(), state: places.state.clone() }
}

fn perform(command: Command, registry: &Arc<Registry>, overrides: &Overrides) -> Result<(), Fatal> {
    let load = || Program::load(Arc::clone(registry), overrides).map(Arc::new);
    // Only these commands may start programs that the configuration names.
    let load_to_run = || Program::load(Arc::clone(registry), overrides)?.with_programs().map(Arc::new);
    match command {
        Command::Run => daemon(registry, overrides),
        Command::Once => once(load_to_run()?),
        Command::Answer => answer(Program::load(Arc::clone(registry), overrides)?.with_remembered_programs()),
        Command::Verify => crate::verify::verify(load_to_run()?),
        Command::Rebuild => crate::verify::rebuild(load_to_run()?),
        Command::AcceptRoot => crate::verify::accept_root(load()?),
        Command::Restore { file } => crate::verify::restore(load()?, &file),
        Command::Annotate { files } => crate::annotate::annotate(load_to_run()?, &files),
        Command::Try { file: Some(file), processor, json, .. } => {
            crate::attempt::attempt(load_to_run()?, &file, processor.as_deref(), json)
        }
        Command::Try { file: None, sample, processor, json } => {
            crate::sample::sample(&load_to_run()?, sample.unwrap_or(1), processor.as_deref(), json)
        }
        Command::Config { action } => config(registry, overrides, &action),
        Command::Worker | Command::SandboxExec { .. } => Ok(()),
    }
}

/// Refuses a root that is not there, or another one than the state was made from.
pub(crate) fn check_root(program: &Program, opened: &Opened) -> Result<(), Fatal> {
    if let Some(recorded) = opened.store.root()?
        && recorded.path != program.root.as_os_str().as_bytes()
    {
        let before = String::from_utf8_lossy(&recorded.path).into_owned();
        let message = format!(
            "state `{}` was made from `{before}`, not from `{}`",
            program.state.display(),
            program.root.display()
        );
        return Err(Fatal::hinted(
            std::io::Error::other(message),
            "choose another state with `--state DIR`, or say `datelined accept-root` if the folder was moved",
        ));
    }
    Ok(())
}

/// Reads the folder until nothing is left; what turns out to be damaged is made anew first.
fn once(program: Arc<Program>) -> Result<(), Fatal> {
    // Before a state is made for it.
    setup::open_root(&program)?;
    let mut repairs = Repairs::default();
    let signals = Signals::listen()?;
    loop {
        match once_through(&program, &mut repairs, &signals) {
            Ok(()) => return Ok(()),
            Err(fatal) => repairs.after(fatal, &program)?,
        }
    }
}

fn once_through(program: &Arc<Program>, repairs: &mut Repairs, signals: &Signals) -> Result<(), Fatal> {
    let opened = repairs.open(program)?;
    check_root(program, &opened)?;
    let store = opened.store.clone();
    let report = setup::scan(program)?;
    let mut running = setup::start(Arc::clone(program), opened, Mode::Once)?;
    signals.attach(&running.control, &running.answerer.live);
    running.engine.begin_with(&report)?;
    let watchdog = Arc::clone(&running.watchdog);
    let ended = running.run();
    signals.detach();
    ended?;
    let stats = store.stats()?;
    let (documents, failures) = (stats.documents, stats.failed());
    tracing::info!(documents, failures, sequence = stats.sequence.0, "done");
    // Closing the store writes for the last time.
    watchdog.begin();
    drop(store);
    watchdog.end();
    Ok(())
}

/// Runs until told to stop; a changed configuration that is right begins anew with it, and so does a repair.
fn daemon(registry: &Arc<Registry>, overrides: &Overrides) -> Result<(), Fatal> {
    let mut program = Arc::new(Program::load(Arc::clone(registry), overrides)?.with_programs()?);
    let mut repairs = Repairs::default();
    let signals = Signals::listen()?;
    // Nice values alone count within one session only (`sched(7)`, "The autogroup feature").
    dateline_worker::yield_own_session(setup::SESSION_NICENESS);
    loop {
        match daemon_once(&program, &mut repairs, &signals) {
            Ok(_) if signals.is_stopping() => return Ok(()),
            Ok(None) => return Ok(()),
            Ok(Some(Next::Program(fresh))) => program = fresh,
            Ok(Some(Next::Repair(damage))) => repairs.repair(&program, &damage)?,
            Err(fatal) => repairs.after(fatal, &program)?,
        }
    }
}

fn daemon_once(program: &Arc<Program>, repairs: &mut Repairs, signals: &Signals) -> Result<Option<Next>, Fatal> {
    let opened = repairs.open(program)?;
    check_root(program, &opened)?;
    let documents = opened.store.stats()?.documents;
    let report = opened.report.clone();
    let running = setup::start(Arc::clone(program), opened, Mode::Watch)?;
    signals.attach(&running.control, &running.answerer.live);
    running.answerer.live.update(|facts| facts.notes.extend(repairs.notes.iter().cloned()));
    let socket = setup::socket_of(program);
    let stop = start_rim(&socket, &running.answerer)?;
    let _vital = Vital::here("main");
    announce(program, documents, &report, &socket);
    running.engine.notifier().ready(&format!("watching {}", program.root.display()));
    let next = running.engine.next_step();
    let ended = running.run();
    signals.detach();
    let _ = stop.send(true);
    // Only the socket this daemon made is removed: the lock is still held here.
    let _ = std::fs::remove_file(&socket);
    ended?;
    Ok(next.try_recv().ok())
}

/// Says what was found, where it listens, and a command that asks it and works as printed.
fn announce(program: &Program, documents: u64, report: &dateline_store::OpenReport, socket: &std::path::Path) {
    if report.torn_history_bytes > 0 || report.appended > 0 || report.swept > 0 {
        tracing::info!(
            torn_history_bytes = report.torn_history_bytes,
            appended = report.appended,
            swept = report.swept,
            "the last run ended in the middle; the store was put in order"
        );
    }
    tracing::info!(root = %program.root.display(), documents, "watching");
    tracing::info!(socket = %socket.display(), "listening");
    tracing::info!("ask it:  {}", example(program));
}

/// A command that asks this daemon, as it can be typed in the directory the daemon was started in.
fn example(program: &Program) -> String {
    let own = std::env::current_exe().ok();
    let sibling = own.as_ref().map(|own| own.with_file_name("dateline"));
    let directory = std::env::current_dir().unwrap_or_default();
    let on_path = std::env::var_os("PATH").is_some_and(|path| {
        let found = std::env::split_paths(&path).map(|folder| folder.join("dateline")).find(|file| file.is_file());
        found.is_some() && found == sibling
    });
    let is_built = sibling.as_ref().is_some_and(|sibling| sibling.is_file());
    let command = match sibling {
        // `cargo run` builds the one program that it runs.
        Some(_) if !is_built && std::env::var_os("CARGO").is_some() => by_cargo(own.as_deref()),
        Some(sibling) if is_built && !on_path => shell_word(
            &sibling.strip_prefix(&directory).map_or_else(|_| sibling.clone(), |below| Path::new(".").join(below)),
        ),
        _ => "dateline".to_owned(),
    };
    let default_state =
        dateline_config::load(&Overrides::default(), &Environment::current()).map(|config| config.state);
    let state = match default_state {
        Ok(default) if default == program.state => String::new(),
        _ => format!(" --state {}", shell_word(&program.state)),
    };
    format!("{command} status{state}")
}

/// How cargo builds and starts the client in the profile that made `own`.
fn by_cargo(own: Option<&std::path::Path>) -> String {
    let is_release = own.and_then(std::path::Path::parent).is_some_and(|folder| folder.ends_with("release"));
    format!("cargo run --quiet{} --bin dateline --", if is_release { " --release" } else { "" })
}

/// Opens the socket and serves it on a thread of its own, until what is given back is set, or dropped.
fn start_rim(socket: &Path, answerer: &Arc<Answerer>) -> Result<watch::Sender<bool>, Fatal> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(usize::from(answerer.program.config.daemon.connections_max) + SPARE_ANSWER_THREADS)
        .thread_name("answer")
        .enable_all()
        .build()?;
    let listener = {
        let _inside = runtime.enter();
        server::bind(socket, answerer.program.config.daemon.socket_group.as_deref())?
    };
    let (stop, stopped) = watch::channel(false);
    let answerer = Arc::clone(answerer);
    std::thread::Builder::new().name("rim".to_owned()).spawn(move || {
        {
            let _vital = Vital::here("socket's");
            runtime.block_on(server::serve(listener, answerer, stopped));
        }
        // Answers under way have their own ways to notice that nobody waits for them.
        runtime.shutdown_background();
    })?;
    Ok(stop)
}

/// One conversation over standard input and output, from the store as it is.
fn answer(program: Program) -> Result<(), Fatal> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let hello = read_frame(&mut input, REQUEST_FRAME_BYTES_MAX).map_err(std::io::Error::other)?;
    let Some(hello) = hello else { return Ok(()) };
    let hello: Hello = serde_json::from_slice(&hello).map_err(std::io::Error::other)?;
    let opened = match setup::open(&program) {
        Ok(opened) => opened,
        Err(fatal) => return refuse(&fatal, &mut output),
    };
    setup::catch_up(&opened)?;
    let Opened { store, slots, index, .. } = opened;
    let program = program.with_root_of(&store)?;
    let live = Arc::new(Live::default());
    let answerer = Answerer { store, index, slots, program: Arc::new(program), live, control: None, socket: None };
    let greeting = server::greet(&answerer, &hello, Answering::Offline);
    write_frame(&mut output, &greeting, RESPONSE_FRAME_BYTES_MAX).map_err(std::io::Error::other)?;
    while let Ok(Some(frame)) = read_frame(&mut input, REQUEST_FRAME_BYTES_MAX) {
        let mut gone = false;
        let mut send = |response: Response| {
            gone = gone || output.write_all(&server::frame_of(&response)).is_err();
            !gone
        };
        match decode_call(&frame) {
            Ok(call) => answerer.respond(&call, &mut send),
            Err(refusal) => drop(send(Response::Error(refusal))),
        }
        if gone || output.flush().is_err() {
            break;
        }
    }
    Ok(())
}

fn refuse(fatal: &Fatal, output: &mut impl Write) -> Result<(), Fatal> {
    let greeting = Greeting::Refused(fatal.body());
    write_frame(output, &greeting, RESPONSE_FRAME_BYTES_MAX).map_err(std::io::Error::other)?;
    Ok(())
}

fn config(registry: &Arc<Registry>, overrides: &Overrides, action: &ConfigAction) -> Result<(), Fatal> {
    let mut output = std::io::stdout().lock();
    match action {
        ConfigAction::Default => output.write_all(default_config(registry).as_bytes())?,
        ConfigAction::Schema => output.write_all(config_schema(registry).as_bytes())?,
        ConfigAction::Reference => output.write_all(crate::reference::page(registry)?.as_bytes())?,
        ConfigAction::Check => {
            let program = Program::load(Arc::clone(registry), overrides)?;
            for explained in program.config.explain() {
                writeln!(output, "{} = {}  # {}", explained.key, explained.value, explained.origin)?;
            }
            for name in program.processor_names() {
                writeln!(output, "# processor {name}")?;
            }
        }
    }
    Ok(())
}

/// The default configuration with the sections of all processors.
pub(crate) fn default_config(registry: &Registry) -> String {
    let mut text = dateline_config::render_default();
    for section in registry.sections() {
        let name = format!("processor.{}", section.name);
        text.push('\n');
        text.push_str(&dateline_config::render_section(&name, &section.schema, &section.defaults));
    }
    text
}

/// The schema of the configuration with the sections of all processors.
pub(crate) fn config_schema(registry: &Registry) -> String {
    let mut schema = dateline_config::schema();
    let mut sections = serde_json::Map::new();
    for section in registry.sections() {
        let mut own = section.schema;
        if let Some(properties) = own.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
            let about = "Whether the processor runs.";
            let enabled = serde_json::json!({"type": "boolean", "default": true, "description": about});
            properties.insert(dateline_pipeline::ENABLED.to_owned(), enabled);
        }
        sections.insert(section.name.to_owned(), own);
    }
    schema["properties"]["processor"]["properties"] = serde_json::Value::Object(sections);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
