//! One request from beginning to end: ask, gather or stream the items, tell the notes, say how to exit.

use crate::connect::Connection;
use crate::failure::Failure;
use crate::output::tell_notes;
use crate::render::Renderer;
use crate::screen::Screen;
use dateline_protocol::{EntityAction, Exit, Request};
use serde_json::value::RawValue;
use std::io::Write;
use std::time::Duration;

/// Does something with each item as it arrives.
pub(crate) type Each<'a> = Box<dyn FnMut(&RawValue, &mut dyn Write) -> Result<(), Failure> + 'a>;

/// Items that make one file together, which is none before its end is written.
pub(crate) trait Whole {
    /// Takes the next item.
    fn item(&mut self, item: &RawValue, out: &mut dyn Write) -> Result<(), Failure>;
    /// Writes what follows the last item.
    fn end(&mut self, out: &mut dyn Write) -> Result<(), Failure>;
}

/// What becomes of the items.
pub(crate) enum Present<'a> {
    /// Gathered, then rendered together.
    Together(Renderer),
    /// Written one by one; flushed after each where the answer goes on for long.
    Each(Each<'a>, Flush),
    /// Written as one file; an answer that breaks off leaves it without an end.
    Whole(Box<dyn Whole>),
}

/// When output is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    /// At the end.
    AtEnd,
    /// After every item, for answers that go on.
    Always,
}

/// What came of a request.
pub(crate) struct Outcome {
    /// What to exit with.
    pub(crate) exit: Exit,
    /// Text for a person, to be shown now that the conversation is over.
    pub(crate) text: Option<String>,
}

/// Prints items as JSON Lines, byte for byte as they came.
pub(crate) fn json_lines() -> Each<'static> {
    Box::new(|item, out| {
        out.write_all(item.get().as_bytes())?;
        Ok(out.write_all(b"\n")?)
    })
}

/// Asks and presents. The conversation is over when this returns, so that nothing is held while a person reads.
pub(crate) fn ask(
    connection: Connection,
    request: Request,
    patience: Option<Duration>,
    present: Present<'_>,
    screen: &Screen,
    streams: (&mut dyn Write, &mut dyn Write),
) -> Result<Outcome, Failure> {
    let mut connection = connection;
    let outcome = converse(&mut connection, request, patience, present, screen, streams);
    connection.close();
    outcome
}

fn converse(
    connection: &mut Connection,
    request: Request,
    patience: Option<Duration>,
    mut present: Present<'_>,
    screen: &Screen,
    (out, errors): (&mut dyn Write, &mut dyn Write),
) -> Result<Outcome, Failure> {
    let nothing = nothing_said(&request);
    let mut answer = connection.client.ask(request, patience)?;
    let mut gathered: Vec<Box<RawValue>> = Vec::new();
    let mut is_told = false;
    let mut is_empty = true;
    loop {
        let item = answer.next_item()?;
        let notes = answer.take_notes();
        is_empty &= item.is_none();
        is_told |= !notes.is_empty();
        if !notes.is_empty() {
            out.flush()?;
            tell_notes(&notes, screen, errors)?;
        }
        match (item, &mut present) {
            (None, _) => break,
            (Some(item), Present::Together(_)) => gathered.push(item),
            (Some(item), Present::Each(each, flush)) => {
                each(&item, out)?;
                if *flush == Flush::Always {
                    out.flush()?;
                }
            }
            (Some(item), Present::Whole(whole)) => whole.item(&item, out)?,
        }
    }
    if let Present::Whole(whole) = &mut present {
        whole.end(out)?;
    }
    out.flush()?;
    let exit = answer.end().map(|end| end.exit).unwrap_or_default();
    if exit == Exit::Nothing && is_empty && !is_told && !screen.json {
        writeln!(errors, "dateline: {nothing}")?;
    }
    let text = match present {
        Present::Together(render) => Some(render(&gathered, screen)?),
        Present::Each(..) | Present::Whole(_) => None,
    };
    Ok(Outcome { exit, text })
}

/// How it is said that there is nothing, which is often good news, and what was searched.
fn nothing_said(request: &Request) -> String {
    let nothing = match request {
        Request::Failures(_) => "nothing failed",
        Request::Retry(_) => "nothing to try again",
        Request::Undated(_) => "every document has a date",
        Request::Plan(_) => "nothing to run",
        Request::Conflicts(_) => "no conflicts found",
        Request::Entities(entities) => match &entities.action {
            EntityAction::Suggest { .. } => "no entities that may be one",
            EntityAction::Decisions => "nothing was decided",
            _ => "no such entity",
        },
        _ => "nothing found",
    };
    let mut said = nothing.to_owned();
    match request {
        Request::On(on) => said.push_str(&format!(" on {}", on.interval)),
        Request::Timeline(timeline) => {
            said.extend(timeline.from.map(|day| format!(" from {day}")));
            said.extend(timeline.to.map(|day| format!(" to {day}")));
        }
        _ => {}
    }
    said.extend(request.selection().map(dateline_protocol::Selection::searched));
    said
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Flush, Outcome, Present, ask, json_lines, nothing_said};
    use crate::connect::Connection;
    use crate::failure::Failure;
    use crate::screen::plain;
    use dateline_protocol::core::DateInterval;
    use dateline_protocol::{
        Answering, Client, End, ErrorBody, ErrorKind, Exit, Greeting, Hello, Note, On, PROTOCOL_VERSION, Request,
        Response, Selection, Timeline, TimelineStep, Welcome, read_frame, write_frame,
    };
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A conversation with somebody who gives these answers to whatever is asked.
    pub(crate) fn scripted(answers: Vec<Response>) -> Connection {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        std::thread::spawn(move || {
            let welcome = Welcome {
                protocol: PROTOCOL_VERSION,
                program: "datelined test".to_owned(),
                state: "/state".to_owned(),
                root: None,
                pid: 1,
                answering: Answering::Daemon,
            };
            read_frame(&mut theirs, 1 << 20).unwrap();
            write_frame(&mut theirs, &Greeting::Welcome(welcome), 1 << 20).unwrap();
            read_frame(&mut theirs, 1 << 20).unwrap();
            for answer in answers {
                write_frame(&mut theirs, &answer, 1 << 20).unwrap();
            }
        });
        let writer = ours.try_clone().unwrap();
        let client = Client::over(OwnedFd::from(ours), Box::new(writer), &Hello::new(None), PATIENCE);
        Connection::over(client.unwrap())
    }

    fn asked(answers: Vec<Response>, present: Present<'_>) -> (Result<Outcome, Failure>, String, String) {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let streams: (&mut dyn std::io::Write, &mut dyn std::io::Write) = (&mut out, &mut errors);
        let outcome = ask(scripted(answers), Request::Status, Some(PATIENCE), present, &plain(None), streams);
        (outcome, String::from_utf8(out).unwrap(), String::from_utf8(errors).unwrap())
    }

    #[test]
    fn items_are_printed_as_they_came_and_notes_beside_them() {
        let answers = vec![
            Response::Note(Note::new("partial-matches", "no document has all words").hint("drop a word")),
            Response::item(&serde_json::json!({"b": 1.50})).unwrap(),
            Response::End(End::of_items(1)),
        ];
        let (outcome, out, errors) = asked(answers, Present::Each(json_lines(), Flush::AtEnd));
        assert_eq!(outcome.unwrap().exit, Exit::Found);
        assert_eq!(out, "{\"b\":1.5}\n");
        assert_eq!(errors, "note: no document has all words\nhint: drop a word\n");
    }

    #[test]
    fn nothing_found_is_said_and_exits_so() {
        let together = || Present::Together(Box::new(|items, _| Ok(format!("{} items", items.len()))));
        let (outcome, _, errors) = asked(vec![Response::End(End::of_items(0))], together());
        assert_eq!(outcome.unwrap().exit, Exit::Nothing);
        assert_eq!(errors, "dateline: nothing found\n");
        let searched = Note::new("no-hit", "no hit for `x` in 3 documents");
        let (_, _, errors) = asked(vec![Response::Note(searched), Response::End(End::of_items(0))], together());
        assert_eq!(errors, "note: no hit for `x` in 3 documents\n");
    }

    #[test]
    fn what_was_searched_is_named_when_nothing_is_found() {
        let selection = Selection {
            query: "grain deal".to_owned(),
            as_of: "2022-04-05".parse().ok(),
            known_at: "2022-04-06T10:00:00Z".parse().ok(),
            ..Selection::default()
        };
        let interval = DateInterval::parse("2022-04").unwrap();
        let on = Request::On(On { interval, selection: selection.clone(), limit: None });
        let told = "nothing found on 2022-04 for `grain deal`, written by 2022-04-05, as known at 2022-04-06T10:00:00Z";
        assert_eq!(nothing_said(&on), told);
        let from = "2022-03-01".parse().ok();
        let timeline = Timeline { selection: Selection::default(), from, to: None, by: TimelineStep::Day, top: None };
        assert_eq!(nothing_said(&Request::Timeline(timeline)), "nothing found from 2022-03-01");
    }

    #[test]
    fn failures_of_the_server_decide_the_exit_code() {
        for (kind, code) in [
            (ErrorKind::Query, 2),
            (ErrorKind::NotFound, 1),
            (ErrorKind::Starting, 3),
            (ErrorKind::Unsupported, 2),
            (ErrorKind::Version, 4),
        ] {
            let answers = vec![Response::Error(ErrorBody::new(kind, "no"))];
            let (outcome, _, _) = asked(answers, Present::Each(json_lines(), Flush::AtEnd));
            assert_eq!(outcome.err().expect("an error").exit().code(), code, "{kind:?}");
        }
    }

    #[test]
    fn an_answer_that_breaks_off_is_no_answer() {
        let answers = vec![Response::item(&1).unwrap()];
        let (outcome, _, _) = asked(answers, Present::Each(json_lines(), Flush::AtEnd));
        assert_eq!(outcome.err().expect("an error").exit(), Exit::Unreachable);
    }

    #[test]
    fn a_closed_pipe_is_success() {
        struct Closed;
        impl std::io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let connection = scripted(vec![Response::item(&1).unwrap(), Response::End(End::of_items(1))]);
        let present = Present::Each(json_lines(), Flush::AtEnd);
        let streams: (&mut dyn std::io::Write, &mut dyn std::io::Write) = (&mut Closed, &mut std::io::sink());
        let failure = ask(connection, Request::Status, Some(PATIENCE), present, &plain(None), streams).err().unwrap();
        assert!(matches!(failure, Failure::BrokenPipe));
        assert_eq!(failure.exit().code(), 0);
    }
}
