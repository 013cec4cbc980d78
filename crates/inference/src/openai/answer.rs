//! Puts an answer together from the pieces of its stream.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use crate::{
    chat::{Answer, Finish, Usage},
    sink::Sink,
};

/// The longest answer that is taken, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// An answer under way.
#[derive(Debug, Default)]
pub(super) struct Reading {
    text: String,
    finish: Option<Finish>,
    usage: Usage,
    model: Option<String>,
    done: bool,
    begun: bool,
}

/// What one event of the stream meant.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// The model went on: text, hidden reasoning or the end.
    Token,
    /// Nothing of the kind.
    Idle,
    /// The provider reports an error.
    Complaint(Value),
}

#[derive(Deserialize)]
struct Chunk<'a> {
    choices: Option<Vec<Choice>>,
    usage: Option<Counts>,
    model: Option<String>,
    // The rest tells a complaint from a piece of an answer.
    error: Option<IgnoredAny>,
    code: Option<IgnoredAny>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice {
    /// In a stream.
    delta: Option<Said>,
    /// In an answer of one piece.
    message: Option<Said>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    /// A string, or a list of parts.
    content: Option<Value>,
    /// Hidden reasoning, as DeepSeek and vLLM name it.
    reasoning_content: Option<Value>,
    /// Hidden reasoning, as Ollama and OpenRouter name it.
    reasoning: Option<Value>,
    tool_calls: Option<Value>,
    /// Why the model would not answer.
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

impl Reading {
    /// Takes the data of one event. An error says what makes no sense about it.
    pub(super) fn take(&mut self, data: &[u8], sink: &mut Sink) -> Result<Step, String> {
        self.begun = true;
        if data.trim_ascii() == b"[DONE]" {
            self.done = true;
            return Ok(Step::Idle);
        }
        let mut step = Step::Idle;
        // Some servers forget the blank line between events, which then come as one with several documents.
        let mut rest = data;
        loop {
            let mut chunks = serde_json::Deserializer::from_slice(rest).into_iter::<Chunk>();
            let (said, end) = match chunks.next() {
                None => return Ok(step),
                Some(Ok(chunk)) if !chunk.may_complain() => (self.chunk(chunk, sink)?, chunks.byte_offset()),
                Some(_) => self.odd(rest, sink)?,
            };
            match said {
                Step::Idle => {}
                Step::Token => step = Step::Token,
                complaint @ Step::Complaint(_) => return Ok(complaint),
            }
            rest = rest.get(end..).unwrap_or_default();
        }
    }

    /// Takes the first document, which is a complaint, or no chunk at first sight: a server may write a field
    /// twice, of which the last counts. Gives also where it ends.
    fn odd(&mut self, documents: &[u8], sink: &mut Sink) -> Result<(Step, usize), String> {
        let mut values = serde_json::Deserializer::from_slice(documents).into_iter::<Value>();
        let value = values.next().unwrap_or(Ok(Value::Null));
        let value = value.map_err(|error| format!("a piece of the stream is not JSON: {error}"))?;
        if is_complaint(&value) {
            return Ok((Step::Complaint(value), values.byte_offset()));
        }
        let once = value.to_string();
        let chunk = serde_json::from_str(&once)
            .map_err(|error| format!("a piece of the stream has another form: {error}"))?;
        Ok((self.chunk(chunk, sink)?, values.byte_offset()))
    }

    /// Whether there was no event at all, as in a web page.
    pub(super) fn is_empty(&self) -> bool {
        !self.begun
    }

    /// Whether the model has ended, though the provider may still report the usage.
    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Whether the provider has said that nothing more comes.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// The answer, if the stream may end here.
    pub(super) fn end(self, asked_model: &str) -> Result<Answer, String> {
        let finish = match self.finish {
            Some(finish) => finish,
            None if self.done => Finish::Stop,
            None => return Err("the stream broke off before the answer's end".to_owned()),
        };
        let model = self.model.unwrap_or_else(|| asked_model.to_owned());
        Ok(Answer { text: self.text, finish, usage: self.usage, model })
    }

    fn chunk(&mut self, chunk: Chunk, sink: &mut Sink) -> Result<Step, String> {
        if let Some(usage) = chunk.usage {
            // With every chunk or with the last: the latest counts.
            self.usage.input_tokens = usage.prompt_tokens.or(self.usage.input_tokens);
            self.usage.output_tokens = usage.completion_tokens.or(self.usage.output_tokens);
        }
        if let Some(model) = chunk.model.filter(|model| !model.is_empty()) {
            self.model.get_or_insert(model);
        }
        // One answer was asked for; others would be a server's mistake.
        match chunk.choices.and_then(|choices| choices.into_iter().next()) {
            Some(choice) => self.choice(choice, sink),
            None => Ok(Step::Idle),
        }
    }

    fn choice(&mut self, choice: Choice, sink: &mut Sink) -> Result<Step, String> {
        let mut step = Step::Idle;
        if let Some(said) = choice.delta.or(choice.message) {
            let text = text_of(said.content.as_ref());
            let refusal = said.refusal.unwrap_or_default();
            for piece in [text, refusal].iter().filter(|piece| !piece.is_empty()) {
                if self.text.len() + piece.len() > LONGEST {
                    return Err(format!("it is longer than {LONGEST} bytes"));
                }
                self.text.push_str(piece);
                sink.push(piece);
                step = Step::Token;
            }
            let hidden = [said.reasoning_content, said.reasoning, said.tool_calls];
            if hidden
                .iter()
                .flatten()
                .any(|value| !value.is_null() && value != "" && value != &Value::Array(Vec::new()))
            {
                step = Step::Token;
            }
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            self.finish = Some(finish_of(&reason));
            step = Step::Token;
        }
        Ok(step)
    }
}

fn finish_of(reason: &str) -> Finish {
    match reason {
        "stop" | "eos" | "end_turn" | "stop_sequence" => Finish::Stop,
        "length" | "max_tokens" | "model_length" => Finish::Length,
        "content_filter" | "sensitive" => Finish::ContentFilter,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        _ => Finish::Other(reason.chars().take(100).collect()),
    }
}

fn text_of(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}

impl Chunk<'_> {
    /// Whether it is worth a closer look.
    fn may_complain(&self) -> bool {
        self.error.is_some()
            || self.code.is_some()
            || self.object.is_some_and(|object| object.get() == "\"error\"")
    }
}

/// Whether a document reports an error: an `error` that is something, vLLM's `object: error`, or DashScope's
/// `code` and `message` instead of choices.
fn is_complaint(document: &Value) -> bool {
    let present = |name: &str| document.get(name).is_some_and(|value| !value.is_null());
    present("error")
        || document.get("object").and_then(Value::as_str) == Some("error")
        || (present("code") && present("message") && !present("choices"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(events: &[&str]) -> Result<Answer, String> {
        let mut reading = Reading::default();
        for event in events {
            match reading.take(event.as_bytes(), &mut Sink::none())? {
                Step::Complaint(complaint) => return Err(complaint.to_string()),
                Step::Token | Step::Idle => {}
            }
        }
        reading.end("asked")
    }

    #[test]
    fn a_complaint_is_heard_wherever_it_stands() {
        let complaint = r#"{"error":{"message":"overloaded"}}"#;
        let text = r#"{"choices":[{"delta":{"content":"Half an ans"}}]}"#;
        for events in [
            vec![text, complaint],
            vec![&format!("{text}{complaint}")],
            vec![text, r#"{"error":{"message":"odd"},"choices":7}"#],
            vec![text, r#"{"object":"error","message":"no"}"#],
            vec![text, r#"{"code":"Throttling","message":"slow down"}"#],
        ] {
            let said = read(&events).unwrap_err();
            assert!(said.starts_with('{'), "{events:?}: {said}");
        }
        for not in [r#"{"error":null,"object":"chunk"}"#, r#"{"code":0,"message":"ok","choices":[]}"#] {
            assert_eq!(read(&[text, not, "[DONE]"]).unwrap().text, "Half an ans");
        }
    }

    #[test]
    fn a_complaint_that_cannot_be_read_is_not_the_end_of_an_answer() {
        let text = br#"{"choices":[{"delta":{"content":"Half an ans"}}]}"#;
        for broken in
            [&br#"{"error":{"message":"\ud83d"}}"#[..], b"{\"error\":{\"message\":\"\xff\"}}", b"{\"error\":"]
        {
            let mut reading = Reading::default();
            reading.take(text, &mut Sink::none()).unwrap();
            let said = reading.take(broken, &mut Sink::none()).unwrap_err();
            assert!(said.contains("is not JSON"), "{said}");
        }
    }

    #[test]
    fn of_a_field_that_comes_twice_the_last_counts() {
        let answer = read(&[
            r#"{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}],"usage":null,"usage":{"prompt_tokens":3}}"#,
        ]);
        assert_eq!(answer.unwrap().usage.input_tokens, Some(3));
    }

    #[test]
    fn pieces_become_an_answer() {
        let answer = read(&[
            r#"{"model":"m-1","choices":[{"delta":{"role":"assistant","content":""}}],"usage":null}"#,
            r#"{"choices":[{"delta":{"content":"Hel"},"finish_reason":null}]}"#,
            r#"{"choices":[{"delta":{"content":[{"type":"text","text":"lo"}]}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
            "[DONE]",
        ])
        .unwrap();
        assert_eq!(
            (answer.text.as_str(), answer.finish, answer.model.as_str()),
            ("Hello", Finish::Length, "m-1")
        );
        assert_eq!(answer.usage, Usage { input_tokens: Some(3), output_tokens: Some(2) });
    }

    #[test]
    fn an_end_is_an_end_with_a_reason_or_with_done() {
        let text = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
        let stop = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
        assert_eq!(read(&[text, stop]).unwrap().finish, Finish::Stop);
        assert_eq!(read(&[text, "[DONE]"]).unwrap().finish, Finish::Stop);
        assert!(read(&[text]).unwrap_err().contains("broke off"));
    }

    #[test]
    fn several_documents_in_one_event_are_read() {
        let answer = read(&[
            "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n{\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}",
        ]);
        assert_eq!(answer.unwrap().text, "ab");
    }

    #[test]
    fn what_counts_as_a_token() {
        let step =
            |json: Value| Reading::default().take(json.to_string().as_bytes(), &mut Sink::none()).unwrap();
        assert_eq!(
            step(json!({ "choices": [{ "delta": { "role": "assistant", "content": "" } }] })),
            Step::Idle
        );
        assert_eq!(step(json!({ "choices": [] })), Step::Idle);
        assert_eq!(
            step(json!({ "choices": [{ "delta": { "reasoning_content": "hm", "content": null } }] })),
            Step::Token
        );
        assert_eq!(
            step(json!({ "choices": [{ "delta": { "reasoning_content": "", "tool_calls": [] } }] })),
            Step::Idle
        );
        assert!(matches!(step(json!({ "error": { "message": "x" } })), Step::Complaint(_)));
        assert!(matches!(step(json!({ "object": "error", "message": "x" })), Step::Complaint(_)));
        assert!(matches!(step(json!({ "code": "X", "message": "x" })), Step::Complaint(_)));
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(read(&["not json"]).unwrap_err().contains("not JSON"));
        assert!(read(&[r#"{"choices":7}"#]).unwrap_err().contains("another form"));
        let mut reading = Reading::default();
        let long =
            json!({ "choices": [{ "delta": { "content": "x".repeat(LONGEST / 2 + 1) } }] }).to_string();
        reading.take(long.as_bytes(), &mut Sink::none()).unwrap();
        assert!(reading.take(long.as_bytes(), &mut Sink::none()).unwrap_err().contains("longer"));
    }
}
