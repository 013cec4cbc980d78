//! The flows that are put under load.

/// Nothing but an event to keep.
pub(crate) const ACCEPT: &str = r#"linchpin: flow/v1
name: bench-accept
inputs:
  query: { type: string, required: true }
nodes:
  note: { kind: set, values: { query: "{{ input.query }}" } }
edges: [start -> note]
"#;

/// Three pure steps with an answer.
pub(crate) const RUN: &str = r#"linchpin: flow/v1
name: bench-run
inputs:
  query: { type: string, required: true, max_length: 4000 }
  user_id: { type: string, required: true }
  conversation_id: { type: string }
nodes:
  greeting: { kind: template, text: "Hello {{ input.user_id }}, you asked: {{ input.query }}" }
  long: { kind: if, condition: "{{ nodes.greeting.text | length > 40 }}" }
  reply: { kind: respond, body: { answer: "{{ nodes.greeting.text }}", long: "{{ nodes.long.result }}" } }
edges:
  - start -> greeting -> long
  - long.true -> reply
  - long.false -> reply
outputs: { answer: "{{ nodes.greeting.text }}" }
"#;

/// A model call, a delivery, an answer.
pub(crate) const END_TO_END: &str = r#"linchpin: flow/v1
name: bench-e2e
inputs:
  query: { type: string, required: true, max_length: 4000 }
  user_id: { type: string, required: true }
nodes:
  answer:
    kind: llm
    model: bench
    messages:
      - system: Answer from the manual only.
      - user: "{{ input.query }}"
    temperature: 0
    max_tokens: 100
  ticket:
    kind: deliver
    destination: bench-e2e
    body:
      title: "{{ input.query | truncate(length=80) }}"
      customer: "{{ input.user_id }}"
      question: "{{ input.query }}"
      answer: "{{ nodes.answer.text }}"
      event: "{{ event.id }}"
edges: [start -> answer -> ticket]
outputs: { answer: "{{ nodes.answer.text }}" }
"#;

/// A delivery of about 600 bytes.
pub(crate) const DELIVERY: &str = r#"linchpin: flow/v1
name: bench-delivery
inputs:
  query: { type: string, required: true }
  user_id: { type: string, required: true }
  conversation_id: { type: string, required: true }
  page: { type: string, required: true }
nodes:
  ticket:
    kind: deliver
    destination: bench-delivery
    body:
      number: "{{ input.conversation_id }}"
      question: "{{ input.query }}"
      customer: "{{ input.user_id }}"
      page: "{{ input.page }}"
edges: [start -> ticket]
"#;

/// A model that never answers, and so keeps a worker.
pub(crate) const HOLD: &str = r#"linchpin: flow/v1
name: bench-hold
inputs:
  query: { type: string, required: true }
nodes:
  answer:
    kind: llm
    model: held
    messages: [{ user: "{{ input.query }}" }]
    timeout: 60m
edges: [start -> answer]
"#;

/// The chat model inside the process.
pub(crate) const CHAT: &str = r#"linchpin: flow/v1
name: bench-chat
inputs:
  query: { type: string, required: true }
nodes:
  answer:
    kind: llm
    model: default
    messages: [{ user: "{{ input.query }}" }]
    max_tokens: 16
    timeout: 100s
edges: [start -> answer]
outputs: { answer: "{{ nodes.answer.text }}" }
"#;

/// Nothing but a model that takes its time.
pub(crate) const SLOW: &str = r#"linchpin: flow/v1
name: bench-slow
inputs:
  query: { type: string, required: true }
nodes:
  answer:
    kind: llm
    model: slow
    messages: [{ user: "{{ input.query }}" }]
edges: [start -> answer]
outputs: { answer: "{{ nodes.answer.text }}" }
"#;

/// A delivery to each of some destinations, with an order key (the last two digits of the number) or without.
pub(crate) fn delivering(destinations: &[(&str, bool)]) -> String {
    let node = |(nth, (destination, is_ordered)): (usize, &(&str, bool))| {
        let key = if *is_ordered { "    order_key: \"{{ input.conversation_id[-2:] }}\"\n" } else { "" };
        format!(
            "  tell{nth}:\n    kind: deliver\n    destination: {destination}\n{key}    body:\n      \
             number: \"{{{{ input.conversation_id }}}}\"\n      question: \"{{{{ input.query }}}}\"\n"
        )
    };
    let nodes: String = destinations.iter().enumerate().map(node).collect();
    let edges: Vec<String> = (0..destinations.len()).map(|nth| format!("  - start -> tell{nth}\n")).collect();
    let edges = edges.concat();
    format!(
        "linchpin: flow/v1\nname: bench-delivering\ninputs:\n  query: {{ type: string, required: true }}\n  \
         conversation_id: {{ type: string, required: true }}\nnodes:\n{nodes}edges:\n{edges}"
    )
}
