//! The inputs of the version that runs, made of those of the version that a source serves.
//!
//! What both have must be of a type that fits; what only the served one has is checked and left away; what only the
//! running one has takes its own default or the contract's. So a source that compiles refuses nobody for what the
//! interface it serves does not ask for, but for bounds on values that the running version made narrower.

use flow::{Field, Fields, Leniency};
use serde_json::Value;

use super::{Mapped, Mapping, asks_more, fits};
use crate::{Contract, Error, origin::Origin};

impl Mapping {
    /// The same mapping for a flow whose running version has these inputs.
    pub(crate) fn onto(mut self, running: &Fields, contract: &Contract) -> Result<Self, Error> {
        for mapped in &mut self.fields {
            match running.get(&mapped.name) {
                None => mapped.is_dropped = true,
                Some(input) => mapped.serve(input, contract)?,
            }
        }
        for (name, input) in running {
            if self.fields.iter().all(|mapped| mapped.name != *name) {
                let input = with_default(name, input, contract)?;
                if input.required && input.default.is_none() {
                    return Err(missing(name, "lacks", contract));
                }
                self.fields.push(Mapped::unmapped(name, input, Origin::Nowhere));
            }
        }
        Ok(self)
    }
}

impl Mapped {
    /// Lets the running version's input look at the value as well.
    fn serve(&mut self, input: &Field, contract: &Contract) -> Result<(), Error> {
        let name = &self.name;
        if !fits(&self.field.kind, &input.kind) {
            let (served, running) = (&self.field.kind, &input.kind);
            let version = contract.version;
            let reason = format!(
                "`{name}` is of type `{served}` in version {version}, and of `{running}` in the deployed one."
            );
            let suggestion = format!("Deploy a version that takes `{served}`, or unpin the source.");
            return Err(Error::config("contract.version", "wrong_type", reason, suggestion));
        }
        let input = with_default(name, input, contract)?;
        let is_there = |field: &Field| field.required || field.default.is_some();
        let always = is_there(&self.field) || self.inputs.iter().any(is_there);
        if input.required && input.default.is_none() && !always {
            return Err(missing(name, "lets be left out", contract));
        }
        if asks_more(&input, &self.field) {
            self.inputs.push(input);
        }
        Ok(())
    }
}

/// The running version's input with the contract's default, if it has one.
fn with_default(name: &str, input: &Field, contract: &Contract) -> Result<Field, Error> {
    let Some(default) = contract.defaults.get(name).filter(|default| **default != Value::Null) else {
        return Ok(input.clone());
    };
    input.take(name, Some(default.clone()), Leniency::Strict).map_err(|problem| {
        let reason = format!("the value is {}, not {}.", problem.got, problem.expected);
        Error::config(format!("contract.defaults.{name}"), "wrong_default", reason, "Give one that fits.")
    })?;
    Ok(Field { default: Some(default.clone()), ..input.clone() })
}

fn missing(name: &str, how: &str, contract: &Contract) -> Error {
    let version = contract.version;
    let reason = format!("the deployed version requires `{name}`, which version {version} {how}.");
    let suggestion = format!("Give a value for it under `contract.defaults.{name}`.");
    Error::config("contract.defaults", "input_missing", reason, suggestion)
}
