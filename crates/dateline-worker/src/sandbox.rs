//! What a child gives up before it touches a document: files, sockets, programs, memory beyond a limit, outliving its
//! parent. Whatever the kernel lacks is reported and never stops the child. No policy about documents here.

use crate::message::SandboxReport;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, Signal, getpid, getppid, set_parent_process_death_signal, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;

/// Newest landlock rules this code knows of; the kernel enforces those it has.
const LANDLOCK_ABI: ABI = ABI::V6;
/// Descriptors a child may hold: its three pipes and a few to spare.
const DESCRIPTORS_MAX: u64 = 16;

/// Confines this process for good. It must have one thread only; `parent` is the process that started it.
#[must_use]
pub fn confine(memory_bytes: u64, parent: i32) -> SandboxReport {
    SandboxReport {
        parent_death: die_with(parent),
        limits: limit(memory_bytes),
        landlock: landlock(),
        // Last: what comes before needs calls that the filter refuses.
        seccomp: seccomp(),
    }
}

/// Asks the kernel to end this process with its parent. The end of standard input tells an idle child the same.
pub(crate) fn die_with(parent: i32) -> Result<String, String> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
    let now = getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
    if parent != 0 && now != parent {
        return Err("the parent had ended already".to_owned());
    }
    Ok("ends with its parent".to_owned())
}

fn limit(memory_bytes: u64) -> Result<String, String> {
    let mut set = vec![(Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, DESCRIPTORS_MAX)];
    if memory_bytes > 0 {
        // Private writable memory: heap and anonymous maps, not the program's own pages.
        set.push((Resource::Data, memory_bytes));
    }
    set_limits(&set)?;
    let memory = if memory_bytes > 0 { format!("{} MiB", memory_bytes >> 20) } else { "unlimited".to_owned() };
    Ok(format!("memory {memory}, no files, no core dump"))
}

fn landlock() -> Result<String, String> {
    let restrict = || -> Result<RulesetStatus, Box<dyn Error>> {
        let rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(LANDLOCK_ABI))?
            .handle_access(AccessNet::from_all(LANDLOCK_ABI))?
            .scope(Scope::from_all(LANDLOCK_ABI))?
            .create()?;
        Ok(rules.restrict_self()?.ruleset)
    };
    match restrict() {
        Ok(RulesetStatus::FullyEnforced) => Ok("no file, no network, no signal to others".to_owned()),
        Ok(RulesetStatus::PartiallyEnforced) => Ok("no file; this kernel knows not every rule".to_owned()),
        Ok(RulesetStatus::NotEnforced) => Err("this kernel does not have it".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn seccomp() -> Result<String, String> {
    let apply = || -> Result<usize, Box<dyn Error>> {
        let rules = allowed()?;
        let count = rules.len();
        let denied = SeccompAction::Errno(u32::try_from(libc::EPERM)?);
        let filter = SeccompFilter::new(rules, denied, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?;
        let program: BpfProgram = filter.try_into()?;
        seccompiler::apply_filter(&program)?;
        Ok(count)
    };
    match apply() {
        Ok(count) => Ok(format!("{count} system calls left")),
        Err(error) => Err(error.to_string()),
    }
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The calls a worker needs once it is set up: memory, its open pipes, time, random seeds, its own end. Everything else
/// fails with `EPERM`: opening, connecting, starting, tracing, signalling others.
fn allowed() -> Result<Rules, Box<dyn Error>> {
    let free = [
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_lseek,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_getpid,
        libc::SYS_getppid,
        libc::SYS_gettid,
        libc::SYS_getrusage,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_restart_syscall,
        libc::SYS_membarrier,
        libc::SYS_rseq,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let mut rules: Rules = free.into_iter().map(|call| (call, Vec::new())).collect();
    let no_code = || -> Result<Vec<SeccompRule>, Box<dyn Error>> {
        let executable = u64::try_from(libc::PROT_EXEC)?;
        let condition = SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(executable), 0)?;
        Ok(vec![SeccompRule::new(vec![condition])?])
    };
    rules.insert(libc::SYS_mmap, no_code()?);
    rules.insert(libc::SYS_mprotect, no_code()?);
    // `abort` signals its own thread.
    let own = u64::try_from(getpid().as_raw_nonzero().get())?;
    let itself = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, own)?;
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![itself])?]);
    Ok(rules)
}

/// Environment variables a program of the configuration may see, besides its own making.
const PROGRAM_ENVIRONMENT: [&str; 5] = ["PATH", "LANG", "LC_ALL", "TZ", "HOME"];
/// Descriptors a program may hold.
const PROGRAM_DESCRIPTORS_MAX: u64 = 256;

/// Confines this process as a program of the configuration is, then becomes that program; gives the reason when that
/// fails. A program may read files and start others, which inherit all of it; it may write no file, open no socket,
/// trace nobody and change nothing about the system. What the kernel lacks is said on standard error.
#[must_use]
pub fn become_program(command: &[OsString], memory_bytes: u64) -> std::io::Error {
    let Some((program, arguments)) = command.split_first() else {
        return std::io::Error::new(std::io::ErrorKind::InvalidInput, "no program is named");
    };
    let all = [
        ("parent death signal", die_with(0).map(|_| ())),
        ("limits", limit_program(memory_bytes)),
        ("landlock", landlock_program()),
        ("seccomp", seccomp_program()),
    ];
    for (what, result) in all {
        if let Err(why) = result {
            eprintln!("{what}: {why}");
        }
    }
    let mut process = std::process::Command::new(program);
    process.args(arguments).env_clear();
    process.envs(PROGRAM_ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    process.exec()
}

fn limit_program(memory_bytes: u64) -> Result<(), String> {
    let mut set = vec![(Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, PROGRAM_DESCRIPTORS_MAX)];
    if memory_bytes > 0 {
        set.push((Resource::Data, memory_bytes));
    }
    set_limits(&set)
}

fn set_limits(set: &[(Resource, u64)]) -> Result<(), String> {
    for (resource, value) in set {
        let limit = Rlimit { current: Some(*value), maximum: Some(*value) };
        setrlimit(*resource, limit).map_err(|error| format!("{resource:?}: {error}"))?;
    }
    Ok(())
}

fn landlock_program() -> Result<(), String> {
    let restrict = || -> Result<RulesetStatus, Box<dyn Error>> {
        let rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(LANDLOCK_ABI))?
            .handle_access(AccessNet::from_all(LANDLOCK_ABI))?
            .scope(Scope::from_all(LANDLOCK_ABI))?
            .create()?
            .add_rule(PathBeneath::new(PathFd::new("/")?, AccessFs::from_read(LANDLOCK_ABI)))?
            .add_rule(PathBeneath::new(PathFd::new("/dev/null")?, AccessFs::from_file(LANDLOCK_ABI)))?;
        Ok(rules.restrict_self()?.ruleset)
    };
    match restrict() {
        Ok(RulesetStatus::NotEnforced) => Err("this kernel does not have it".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// Calls no annotator needs in any language; they fail with `EPERM`.
fn seccomp_program() -> Result<(), String> {
    let denied = [
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_io_uring_setup,
        libc::SYS_userfaultfd,
        libc::SYS_open_by_handle_at,
    ];
    let apply = || -> Result<(), Box<dyn Error>> {
        let rules: Rules = denied.into_iter().map(|call| (call, Vec::new())).collect();
        let refused = SeccompAction::Errno(u32::try_from(libc::EPERM)?);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, std::env::consts::ARCH.try_into()?)?;
        let program: BpfProgram = filter.try_into()?;
        Ok(seccompiler::apply_filter(&program)?)
    };
    apply().map_err(|error| error.to_string())
}
