//! What a person is told when the daemon cannot start or go on: message, causes, hint, exit code.

use crate::repair::Damage;
use crate::server::SocketError;
use dateline_core::terminal::escape;
use dateline_protocol::{ErrorBody, ErrorKind};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// An error that ends the program, with what to do about it.
#[derive(Debug)]
pub(crate) struct Fatal {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
}

impl Fatal {
    /// Exit code of a program that was at work: it may well go on once it is started again.
    pub(crate) const AT_WORK: u8 = 1;
    /// Exit code of one that could not begin, and would only fail again. The units for systemd go by this.
    const AT_START: u8 = 2;

    /// An error with a hint.
    pub(crate) fn hinted(error: impl Into<Box<dyn Error + Send + Sync>>, hint: impl Into<String>) -> Fatal {
        Fatal { error: error.into(), hint: Some(hint.into()) }
    }

    /// The damage it speaks of, if it does.
    pub(crate) fn damage(&self) -> Option<Damage> {
        let error: &(dyn Error + 'static) = &*self.error;
        Damage::of(error)
    }

    /// Whether nobody reads what is written any more.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        std::iter::successors(self.error.source(), |&error| error.source())
    }

    /// The error as a client gets it.
    pub(crate) fn body(&self) -> ErrorBody {
        let kind = match self.error.downcast_ref::<dateline_store::StoreError>() {
            Some(dateline_store::StoreError::Locked { .. }) => ErrorKind::Starting,
            Some(error) if error.damaged().is_some() => ErrorKind::Damaged,
            _ => ErrorKind::Internal,
        };
        let causes = self.causes().map(|error| error.to_string());
        let body = ErrorBody::new(kind, self.error.to_string());
        ErrorBody { causes: causes.collect(), hint: self.hint.clone(), ..body }
    }

    /// Prints it as all errors of the project are printed, and gives the exit code, whether or not anybody reads it.
    pub(crate) fn report(&self) -> ExitCode {
        let _ = std::io::stderr().write_all(self.shown().as_bytes());
        self.exit_code()
    }

    /// As it is printed. It may name files and quote their content, which must not reach a terminal as they are.
    fn shown(&self) -> String {
        let causes = self.causes().map(|cause| format!("caused by: {cause}\n")).collect::<String>();
        let hint = self.hint.as_ref().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
        escape(&format!("datelined: {}\n{causes}{hint}", self.error)).into_owned()
    }

    fn exit_code(&self) -> ExitCode {
        let at_work = self.error.is::<crate::engine::EngineError>();
        ExitCode::from(if at_work { Fatal::AT_WORK } else { Fatal::AT_START })
    }
}

impl std::fmt::Display for Fatal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Fatal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl From<dateline_config::ConfigError> for Fatal {
    fn from(error: dateline_config::ConfigError) -> Fatal {
        let hint = error.hint();
        Fatal { error: error.into(), hint }
    }
}

impl From<dateline_store::StoreError> for Fatal {
    fn from(error: dateline_store::StoreError) -> Fatal {
        let hint = match &error {
            dateline_store::StoreError::Locked { .. } => Some(
                "ask the running daemon with `dateline`, stop it, or choose another state with `--state DIR`"
                    .to_owned(),
            ),
            other if other.damaged().is_some() => Some(
                "`datelined rebuild` moves it aside and makes it anew from folder, history and decisions".to_owned(),
            ),
            _ => None,
        };
        Fatal { error: error.into(), hint }
    }
}

impl From<SocketError> for Fatal {
    fn from(error: SocketError) -> Fatal {
        let hint = match &error {
            SocketError::Place(place) => Some(place.hint().to_owned()),
            SocketError::Bind { .. } => None,
        };
        Fatal { error: error.into(), hint }
    }
}

macro_rules! unhinted {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Fatal {
            fn from(error: $error) -> Fatal {
                Fatal { error: error.into(), hint: None }
            }
        })+
    };
}

unhinted!(
    std::io::Error,
    dateline_pipeline::ChainError,
    dateline_processor::IndexError,
    dateline_worker::PoolError,
    dateline_worker::ServeError,
    crate::engine::EngineError,
    crate::resources::ResourceError,
    crate::indexing::IndexingError,
);

/// A path as a shell takes it for one word.
pub(crate) fn shell_word(path: &Path) -> String {
    let path = path.to_string_lossy();
    // What no shell takes, a zero byte, is in no path.
    shlex::try_quote(&path).map_or_else(|_| path.to_string(), |word| word.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Fatal, shell_word};
    use std::path::Path;

    #[test]
    fn what_files_hold_does_not_reach_the_terminal_as_it_is() {
        let error = std::io::Error::other("`\u{1b}]0;owned\u{7}\u{202e}.txt` is broken");
        let fatal = Fatal::hinted(error, "rename `\u{9b}31m`");
        let expected = "datelined: `\\u{1b}]0;owned\\u{7}\\u{202e}.txt` is broken\nhint: rename `\\u{9b}31m`\n";
        assert_eq!(fatal.shown(), expected);
    }

    #[test]
    fn a_path_with_blanks_is_one_word_to_a_shell() {
        for (path, word) in [("/news/2026", "/news/2026"), ("/my news", "'/my news'"), ("it's", "\"it's\"")] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
    }
}
