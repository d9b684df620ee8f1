//! The main loop: the only place that changes state. Everything arrives here, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, select_biased, unbounded};
use gen_lsp_types::{ClientCapabilities, Diagnostic};
use lsp_server::{Connection, ErrorCode, Message, ReqQueue, Request, Response};
use tri_ide::CancellationToken;

use crate::documents::Documents;
use crate::pool::Pool;
use crate::position::Encoding;
use crate::publish::{Found, Look};
use crate::session::{Pages, SessionError};
use crate::snapshot::Snapshot;
use crate::workspace::Workspace;
use crate::{dispatch, notifications};

/// What a thread of a pool tells the main loop.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A request has its answer.
    Answer(Response),
    /// What is wrong with a file is known.
    Found(Found),
    /// The files of this generation that were to be looked at have been.
    Looked(u64),
}

/// All state of a session.
pub(crate) struct Server<'a> {
    connection: &'a Connection,
    pub(crate) workspace: Workspace,
    pub(crate) documents: Arc<Documents>,
    pub(crate) encoding: Encoding,
    pages: Pages,
    shows_refused: bool,
    pub(crate) watches: bool,
    /// Requests that are being answered, with what cancels them.
    requests: ReqQueue<Vec<CancellationToken>, ()>,
    /// How many threads are at a request, one that was cancelled too.
    pub(crate) answering: usize,
    /// Answers requests.
    pub(crate) pool: Pool,
    /// Looks for diagnostics, which nobody waits for.
    pub(crate) background: Pool,
    pub(crate) outcomes: (Sender<Outcome>, Receiver<Outcome>),
    /// Counts changes, by which results that are out of date are known.
    pub(crate) generation: u64,
    /// Files that changed and whose diagnostics come first.
    pub(crate) touched: BTreeSet<PathBuf>,
    /// Whether diagnostics are to be looked for when there is nothing else to do.
    pub(crate) is_stale: bool,
    /// How far that has come.
    pub(crate) look: Look,
    /// What the client has, with the versions of the texts that it is about.
    pub(crate) published: BTreeMap<PathBuf, (Option<i32>, Vec<Diagnostic>)>,
    is_shut_down: bool,
}

impl<'a> Server<'a> {
    pub(crate) fn new(
        connection: &'a Connection,
        workspace: Workspace,
        client: &ClientCapabilities,
        encoding: Encoding,
        pages: Pages,
    ) -> Result<Self, SessionError> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let watched =
            client.workspace.as_ref().and_then(|workspace| workspace.did_change_watched_files.as_ref());
        let actions = client.text_document.as_ref().and_then(|document| document.code_action.as_ref());
        Ok(Server {
            connection,
            workspace,
            documents: Arc::default(),
            encoding,
            pages,
            shows_refused: actions.and_then(|actions| actions.disabled_support).unwrap_or(false),
            watches: watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
            requests: ReqQueue::default(),
            answering: 0,
            pool: Pool::new("request", cores)?,
            background: Pool::new("diagnostics", cores)?,
            outcomes: unbounded(),
            generation: 0,
            touched: BTreeSet::new(),
            is_stale: true,
            look: Look::default(),
            published: BTreeMap::new(),
            is_shut_down: false,
        })
    }

    /// Runs until the client leaves.
    pub(crate) fn run(mut self) -> Result<(), SessionError> {
        let (messages, outcomes) = (self.connection.receiver.clone(), self.outcomes.1.clone());
        loop {
            // What the client sends first: it may make outcomes obsolete.
            if messages.is_empty() && outcomes.is_empty() && self.is_stale {
                self.look_for_diagnostics();
            }
            select_biased! {
                recv(messages) -> message => match message {
                    Ok(Message::Notification(notification)) if notification.method == "exit" => {
                        return if self.is_shut_down { Ok(()) } else { Err(SessionError::Abandoned) };
                    }
                    Ok(message) => self.message(message),
                    Err(_) => return Err(SessionError::Abandoned),
                },
                recv(outcomes) -> outcome => match outcome {
                    Ok(Outcome::Answer(response)) => self.answer(response),
                    Ok(Outcome::Found(found)) => self.found(found),
                    Ok(Outcome::Looked(generation)) => self.looked(generation),
                    // This very value holds the other end.
                    Err(_) => return Err(SessionError::Abandoned),
                },
            }
        }
    }

    fn message(&mut self, message: Message) {
        match message {
            Message::Request(request) if request.method == "shutdown" => {
                self.is_shut_down = true;
                self.send(Response::new_ok(request.id, ()));
            }
            Message::Request(request) if self.is_shut_down => {
                let text = "the server is shut down".to_owned();
                self.send(Response::new_err(request.id, ErrorCode::InvalidRequest as i32, text));
            }
            Message::Request(request) => dispatch::request(self, request),
            Message::Notification(notification) => notifications::receive(self, notification),
            // The server asks for nothing that it needs to know.
            Message::Response(_) => {}
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            analyses: self.workspace.analyses(),
            homes: self.workspace.homes(),
            documents: self.documents.clone(),
            encoding: self.encoding,
            pages: self.pages,
            shows_refused: self.shows_refused,
        }
    }

    /// Notes that a request is being answered.
    pub(crate) fn begin(&mut self, request: &Request, tokens: Vec<CancellationToken>) {
        self.answering += 1;
        self.requests.incoming.register(request.id.clone(), tokens);
    }

    /// Sends an answer, unless the request was cancelled.
    pub(crate) fn answer(&mut self, response: Response) {
        self.answering = self.answering.saturating_sub(1);
        if self.requests.incoming.complete(&response.id).is_some() {
            self.send(response);
        }
        self.look_when_idle();
    }

    /// Cancels a request, which is answered at once.
    pub(crate) fn cancel(&mut self, id: lsp_server::RequestId) {
        if let Some(tokens) = self.requests.incoming.complete(&id) {
            tokens.iter().for_each(CancellationToken::cancel);
            let text = "cancelled by the client".to_owned();
            self.send(Response::new_err(id, ErrorCode::RequestCanceled as i32, text));
        }
    }

    /// Asks the client for something; the answer does not matter.
    pub(crate) fn request(&mut self, method: &str, params: serde_json::Value) {
        let request = self.requests.outgoing.register(method.to_owned(), params, ());
        self.requests.outgoing.complete(request.id.clone());
        self.send(request);
    }

    /// Sends a message; a client that is gone is noticed where messages are received.
    pub(crate) fn send(&self, message: impl Into<Message>) {
        let _ = self.connection.sender.send(message.into());
    }
}
