//! Where a webhook's calls go.

use std::collections::BTreeMap;

use vault::Secret;

use super::config::{Config, Secrets};
use crate::{
    Error,
    address::{Address, Template},
    auth::Auth,
    call::Unsendable,
};

/// Makes the address of each message.
pub(super) struct Variable {
    template: Template,
    auth: Auth,
    secret: Option<Secret>,
}

impl Variable {
    /// The address as it is called: with the secret, if that goes there.
    pub(super) fn address(&self, params: &BTreeMap<String, String>) -> Result<Address, Unsendable> {
        let address = self.auth.address(self.template.fill(params)?, self.secret.as_ref());
        address.map_err(|error| Unsendable(error.to_string()))
    }
}

/// The address that calls have in common, or an example of it and what makes that of each message.
pub(super) fn open(config: &Config, secrets: &Secrets) -> Result<(Address, Option<Variable>), Error> {
    let (address, template) = match (&config.url, &secrets.url) {
        (Some(url), None) => match Template::read("url", url)? {
            Some(template) => (Address::open("url", template.probe())?, Some(template)),
            None => (Address::open("url", url)?, None),
        },
        (None, Some(url)) => (Address::secret("secrets.url", url.expose())?, None),
        (Some(_), Some(_)) => {
            let error = Error::config("url", "there is an open address and a secret one.");
            return Err(error.suggest("Keep one of them."));
        }
        (None, None) => {
            let error = Error::config("url", "it is missing: the address to call.");
            return Err(error.suggest("Set it as the secret `url` if knowing it lets anybody call it."));
        }
    };
    let (auth, secret) = (config.auth.clone(), secrets.auth.clone());
    let address = auth.address(address, secret.as_ref())?;
    Ok((address, template.map(|template| Variable { template, auth, secret })))
}
