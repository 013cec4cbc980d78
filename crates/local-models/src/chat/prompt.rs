//! A conversation as the model's tokens.

use inference::Message;
use llama_cpp_2::{
    model::{LlamaChatMessage, LlamaModel},
    token::LlamaToken,
};

/// The tokens of a conversation, up to where the model goes on. An error says why there are none.
///
/// The model's own template says where its special tokens go. It is filled with placeholders, and what the
/// messages say is put between its pieces as plain text, so that a user who writes `<|im_end|>` has written just
/// that and cannot speak in another's role.
pub(super) fn tokens(model: &LlamaModel, messages: &[Message]) -> Result<Vec<LlamaToken>, String> {
    let template =
        model.chat_template(None).map_err(|error| format!("the model has no chat template: {error}"))?;
    let chat: Vec<LlamaChatMessage> = messages
        .iter()
        .enumerate()
        .map(|(number, message)| LlamaChatMessage::new(message.role.as_str().to_owned(), placeholder(number)))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let filled = model
        .apply_chat_template(&template, &chat, true)
        .map_err(|error| format!("the model's chat template is not understood: {error}"))?;

    let vocabulary = model.vocab();
    let mut tokens = Vec::new();
    if vocabulary.should_add_bos() {
        tokens.push(vocabulary.bos());
    }
    let mut rest = filled.as_str();
    for (number, message) in messages.iter().enumerate() {
        let (before, behind) =
            rest.split_once(&placeholder(number)).ok_or("the model's chat template leaves out a message")?;
        tokens.extend(vocabulary.tokenize(before.as_bytes(), false, true));
        tokens.extend(vocabulary.tokenize(message.to_text().as_bytes(), false, false));
        rest = behind;
    }
    tokens.extend(vocabulary.tokenize(rest.as_bytes(), false, true));
    // A template may write the token of the beginning itself.
    if vocabulary.should_add_bos() && tokens.get(1) == Some(&vocabulary.bos()) {
        tokens.remove(0);
    }
    Ok(tokens)
}

/// Stands for a message's text in the template. No template has it, and trimming leaves it alone.
fn placeholder(number: usize) -> String {
    format!("\u{2}{number}\u{3}")
}
