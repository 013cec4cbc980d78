//! A text as an Adaptive Card (adaptivecards.io, version 1.4, which every client of Teams shows).

use serde_json::{Value, json};

use super::config::{Action, Fact, Format};

/// What a card has besides its text.
pub(super) struct Card<'m> {
    pub(super) format: Format,
    pub(super) title: Option<&'m str>,
    pub(super) facts: &'m [Fact],
    pub(super) actions: &'m [Action],
}

impl Card<'_> {
    /// A card with this text; only the last of several has the facts and actions.
    pub(super) fn with(&self, text: &str, last: bool) -> Value {
        let title = self.title.map(|title| {
            json!({ "type": "TextBlock", "text": title, "size": "Large", "weight": "Bolder", "wrap": true })
        });
        let text = match self.format {
            Format::Text => {
                json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text }] })
            }
            Format::Markdown => json!({ "type": "TextBlock", "text": text, "wrap": true }),
        };
        let facts = (last && !self.facts.is_empty()).then(|| {
            let facts = self.facts.iter().map(|fact| json!({ "title": fact.title, "value": fact.value }));
            json!({ "type": "FactSet", "facts": facts.collect::<Value>() })
        });
        let body: Value = title.into_iter().chain([text]).chain(facts).collect();
        let mut card = json!({
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "msteams": { "width": "Full" },
            "body": body,
        });
        if last && !self.actions.is_empty() {
            let open = |action: &Action| json!({ "type": "Action.OpenUrl", "title": action.title, "url": action.url });
            card["actions"] = self.actions.iter().map(open).collect();
        }
        card
    }
}
