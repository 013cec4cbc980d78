//! A chat model that says what the test wants, when the test wants it.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::mpsc};

use crate::{
    endpoint::STREAM,
    support::{eventually, rude},
};

/// The model.
pub(crate) struct Speaker {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<mpsc::UnboundedSender<Word>>>>,
}

/// One answer of it, under way.
pub(crate) struct Call(mpsc::UnboundedSender<Word>);

enum Word {
    Say(String),
    End,
    BreakOff,
}

impl Speaker {
    pub(crate) async fn start() -> Self {
        let calls = Arc::<Mutex<Vec<_>>>::default();
        let taking = Arc::clone(&calls);
        let url = rude(move |_, stream| {
            let (speaks, words) = mpsc::unbounded_channel();
            taking.lock().push(speaks);
            speak(stream, words)
        });
        Self { url: url.await, calls }
    }

    /// Waits until it is asked for this time, from 0.
    pub(crate) async fn call(&self, nth: usize) -> Call {
        eventually("the model is asked", async || self.calls.lock().get(nth).cloned().map(Call)).await
    }

    /// How often it was asked so far.
    pub(crate) fn asked(&self) -> usize {
        self.calls.lock().len()
    }
}

impl Call {
    pub(crate) fn say(&self, text: &str) {
        self.0.send(Word::Say(text.to_owned())).unwrap();
    }

    pub(crate) fn end(self) {
        self.0.send(Word::End).unwrap();
    }

    pub(crate) fn break_off(self) {
        self.0.send(Word::BreakOff).unwrap();
    }
}

async fn speak(mut stream: TcpStream, mut words: mpsc::UnboundedReceiver<Word>) {
    let mut said = STREAM.to_owned();
    loop {
        // Who asked may have gone.
        if stream.write_all(said.as_bytes()).await.is_err() {
            return;
        }
        said = match words.recv().await {
            Some(Word::Say(text)) => {
                format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": text } }] }))
            }
            Some(Word::End) => {
                let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
                let _ = stream.write_all(format!("data: {end}\n\ndata: [DONE]\n\n").as_bytes()).await;
                return;
            }
            Some(Word::BreakOff) | None => return,
        };
    }
}
