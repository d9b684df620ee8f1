//! A spinner on stderr that names the stage at work. It appears after a second, and only on a terminal.

use std::io::IsTerminal as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::ProgressBar;
use tri_driver::Timing;

const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Shows the stages of a [`Timing`] until it is dropped.
pub(crate) struct Progress {
    stages: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// A spinner, and the timing that feeds it.
    pub(crate) fn start() -> (Progress, Timing) {
        if !std::io::stderr().is_terminal() {
            return (Progress { stages: None, thread: None }, Timing::default());
        }
        let (stages, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || show(&receiver));
        let teller = stages.clone();
        // The thread ends when both senders are gone; until then a stage that cannot be told matters to nobody.
        let timing = Timing::telling(move |name| drop(teller.send(name.to_owned())));
        (Progress { stages: Some(stages), thread: Some(thread) }, timing)
    }

    /// Clears the spinner, so that text may follow.
    pub(crate) fn finish(mut self) {
        if let Some(stages) = self.stages.take() {
            drop(stages.send(String::new()));
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Draws until an empty name comes or nobody is left to send one.
fn show(stages: &mpsc::Receiver<String>) {
    let start = std::time::Instant::now();
    let (mut bar, mut stage) = (None::<ProgressBar>, String::new());
    loop {
        match stages.recv_timeout(TICK) {
            Ok(name) if name.is_empty() => break,
            Ok(name) => stage = name,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if start.elapsed() >= PATIENCE {
            let bar = bar.get_or_insert_with(ProgressBar::new_spinner);
            bar.set_message(stage.clone());
            bar.tick();
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}
