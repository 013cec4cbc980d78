//! XML as JSON, so that paths lead into it: `body.order.item[0].sku`.
//!
//! An element that has neither attributes nor elements in it is its text. Any other is an object:
//! attributes are `@name`, elements go by their names, an array where one comes again, and text beside
//! them is `#text`, without the white space around it. Names keep their prefixes.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};
use serde_json::{Map, Value};

use super::malformed;
use crate::{Refused, origin::Step};

/// How deep elements may lie in each other: as deep as JSON's values may.
const MAX_DEPTH: usize = 128;

/// The most elements and attributes; each takes many times the memory of its bytes.
const MAX_NODES: usize = 250_000;

/// Where an object has its text.
const TEXT: &str = "#text";

/// An element that is not at its end.
#[derive(Default)]
struct Open {
    name: String,
    children: Map<String, Value>,
    has_elements: bool,
    text: String,
}

/// Reads a document. Its value is an object with the root element by its name.
pub(crate) fn parse(text: &str) -> Result<Value, Refused> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    let mut document = Document::default();
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position();
        let said = match event {
            Ok(Event::Eof) => return document.end(),
            Ok(event) => document.take(event),
            Err(_) => Err("it is not well-formed"),
        };
        said.map_err(|said| wrong(said, Some(at)))?;
    }
}

/// The value at the steps. One element where several may be is the first of them.
pub(crate) fn find<'v>(root: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(root, |value, step| match (step, value) {
        (Step::Index(0), Value::Object(_) | Value::String(_)) => Some(value),
        (Step::Index(index), _) => value.get(index),
        (Step::Key(key), _) => value.get(key),
    })
}

/// The text of an element, also of one that has attributes.
pub(crate) fn text(mut value: Value) -> Value {
    let text = value.get_mut(TEXT).map(Value::take);
    text.unwrap_or(value)
}

/// The text of the first element of a name directly in the root; none where it is empty.
pub(crate) fn text_in_root<'v>(document: &'v Value, name: &str) -> Option<&'v str> {
    let element = document.as_object()?.values().next()?.get(name)?;
    let first = element.get(0).unwrap_or(element);
    first.get(TEXT).unwrap_or(first).as_str().filter(|text| !text.is_empty())
}

#[derive(Default)]
struct Document {
    root: Option<(String, Value)>,
    open: Vec<Open>,
    nodes: usize,
}

impl Document {
    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Start(start) => self.start(&start),
            Event::Empty(start) => self.start(&start).and_then(|()| self.close()),
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::DocType(_) => Err("it has a document type declaration, which is not taken"),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), &'static str> {
        if self.open.is_empty() && self.root.is_some() {
            return Err("it has more than one root element");
        }
        if self.open.len() == MAX_DEPTH {
            return Err("its elements lie more than 128 deep");
        }
        self.count()?;
        let mut open = Open { name: start.name().as_ref().to_owned(), ..Open::default() };
        for attribute in start.attributes() {
            self.count()?;
            let attribute = attribute.map_err(|_| "an attribute is not well-formed, or comes twice")?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|_| "an attribute refers to something that is not known")?;
            open.children.insert(format!("@{}", attribute.key.as_ref()), value.into_owned().into());
        }
        self.open.push(open);
        Ok(())
    }

    fn count(&mut self) -> Result<(), &'static str> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { Err("it has more than 250000 elements and attributes") } else { Ok(()) }
    }

    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        match self.open.last_mut() {
            Some(open) => open.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err("it has text outside its root element"),
        }
        Ok(())
    }

    /// `&#8364;`, or one of the five names that need no declaration.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), &'static str> {
        const UNKNOWN: &str = "it refers to an entity that is not known";
        if let Some(character) = reference.resolve_char_ref().map_err(|_| UNKNOWN)? {
            return self.text(character.encode_utf8(&mut [0; 4]));
        }
        let name: &str = reference;
        self.text(quick_xml::escape::resolve_predefined_entity(name).ok_or(UNKNOWN)?)
    }

    fn close(&mut self) -> Result<(), &'static str> {
        let open = self.open.pop().ok_or("an element ends that has not begun")?;
        let (name, value) = open.into_value();
        let Some(parent) = self.open.last_mut() else {
            self.root = Some((name, value));
            return Ok(());
        };
        parent.has_elements = true;
        match parent.children.get_mut(&name) {
            None => drop(parent.children.insert(name, value)),
            // No value of an element is an array.
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
        Ok(())
    }

    fn end(self) -> Result<Value, Refused> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(Value::Object(Map::from_iter([root]))),
            _ => Err(wrong("it ends before its root element does", None)),
        }
    }
}

impl Open {
    fn into_value(self) -> (String, Value) {
        let Self { name, mut children, has_elements, text } = self;
        if children.is_empty() {
            return (name, Value::String(text));
        }
        let text = if has_elements { text.trim().to_owned() } else { text };
        if !text.trim().is_empty() {
            children.insert(TEXT.to_owned(), Value::String(text));
        }
        (name, Value::Object(children))
    }
}

fn wrong(said: &str, at: Option<u64>) -> Refused {
    let place = at.map_or(String::new(), |at| format!(", at its byte {at}"));
    malformed(format!("The body is not XML that is taken: {said}{place}."))
}
